"""The ticket names the traces that failed within the last day."""

ITEMS = ("AC6.3",)
SAYS = "hours before"
ALSO = ("AC6.2",)

FILE = "agent/observability.py"
RIGHT = '"start": int(start),'
WRONG = '"start": int(start) - 86400,'
