"""The end of Linear's rate limit is taken for half as far away as it is."""

ITEMS = ("M4",)
SAYS = "s before the limit ended"
ALSO = ("AC3.8",)

FILE = "agent/linear.py"
RIGHT = "self._limit.reached(max(ends))"
WRONG = "self._limit.reached((time.time() + max(ends)) / 2 if limited else 0)"
