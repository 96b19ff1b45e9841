"""Of the boundaries that a burn rate is above, the lowest counts."""

ITEMS = ("AC7.4",)
SAYS = "to have priority"

FILE = "agent/slm.py"
RIGHT = "for severity, limit in ABOVE.items()"
WRONG = "for severity, limit in reversed(ABOVE.items())"
