"""A success does not end a row of failures."""

ITEMS = ("AC5.8",)
SAYS = "failed only"

FILE = "agent/functions.py"
RIGHT = "self._in_a_row = self._in_a_row + 1 if failed else 0"
WRONG = "self._in_a_row += failed"
