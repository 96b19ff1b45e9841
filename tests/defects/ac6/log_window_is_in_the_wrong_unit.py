"""The window of log lines begins a thousand times too early."""

ITEMS = ("AC6.2",)
SAYS = "are missing"
ALSO = ("AC6.3",)

FILE = "agent/observability.py"
RIGHT = '"start": round(start * 1e9),'
WRONG = '"start": round(start * 1e6),'
