"""The door takes whatever comes."""

ITEMS = ("SEC6",)
SAYS = "and answered none so"

FILE = "agent/app.py"
RIGHT = "if wait := self._limit.wait():"
WRONG = "if wait := 0:"
