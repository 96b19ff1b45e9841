"""A passing error in an answer is taken for good."""

ITEMS = ("AC3.9",)
SAYS = "but there is none"

FILE = "agent/linear.py"
RIGHT = "if kind in PASSING or status >= 500:"
WRONG = "if response.status_code >= 500:"
