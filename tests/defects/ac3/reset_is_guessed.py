"""A call that meets the rate limit is made again after two seconds, whatever reset Linear has announced."""

ITEMS = ("AC3.8",)
SAYS = "too early"

FILE = "agent/linear.py"
RIGHT = "self._limit.reached(max(ends))"
WRONG = "self._limit.reached(time.time() + 2 if limited else max(ends))"
