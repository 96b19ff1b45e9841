"""Calls at the same time renew the token each for itself."""

ITEMS = ("SEC4",)
SAYS = "renewals were refused"

FILE = "agent/linear_access.py"
RIGHT = "async with self._turn:"
WRONG = "if self._turn:"
