"""A call that meets the rate limit is made again at once."""

ITEMS = ("AC3.8",)
SAYS = "too early"

FILE = "agent/linear.py"
RIGHT = "self._limit.reached(max(ends))"
WRONG = "self._limit.reached(0 if limited else max(ends))"
