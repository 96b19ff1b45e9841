"""Only the last log line is asked for."""

ITEMS = ("AC6.2",)
SAYS = "are missing"
ALSO = ("AC6.3",)

FILE = "agent/observability.py"
RIGHT = '"limit": LINES,'
WRONG = '"limit": 1,'
