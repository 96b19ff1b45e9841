"""A success takes back one failure, and not the whole row: a function that fails now and then is left alone."""

ITEMS = ("AC5.8",)
SAYS = "failed only"

FILE = "agent/functions.py"
RIGHT = "self._in_a_row = self._in_a_row + 1 if failed else 0"
WRONG = "self._in_a_row = self._in_a_row + 1 if failed else max(self._in_a_row - 1, 0)"
