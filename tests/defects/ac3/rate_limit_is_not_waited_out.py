"""A call that meets the rate limit is made again at once."""

ITEMS = ("AC3.8",)
SAYS = "too early"

FILE = "agent/linear.py"
RIGHT = "if ends and max(ends) > self._limited_until:"
WRONG = "if ends and not limited:"
