"""An answer to a request that nobody made is taken."""

ITEMS = ("AC8.3",)
SAYS = "to refuse the answer"

FILE = "agent/callbacks.py"
RIGHT = "return _refusal(404, str(error))"
WRONG = "return _refusal(200, str(error))"
