"""A function that does not answer is waited for for a minute."""

ITEMS = ("AC5.4",)
SAYS = "to give up"

FILE = "agent/functions.py"
RIGHT = "headers=headers, content=body), self._timeout"
WRONG = "headers=headers, content=body), 60"
