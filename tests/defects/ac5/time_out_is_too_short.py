"""A function is given up after a quarter of its time-out."""

ITEMS = ("AC5.4",)
SAYS = "to be answered"

FILE = "agent/functions.py"
RIGHT = "headers=headers, content=body), self._timeout"
WRONG = "headers=headers, content=body), self._timeout / 4"
