"""Labels may be anything."""

ITEMS = ("SEC7",)
SAYS = "it was answered"

FILE = "agent/alert.py"
RIGHT = "labels: dict[str, str]"
WRONG = "labels: Any"
