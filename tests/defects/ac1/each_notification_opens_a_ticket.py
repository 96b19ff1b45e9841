"""A repeated notification opens another ticket."""

ITEMS = ("AC1.5",)
SAYS = "but there are"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = "elif known and known.is_open:"
WRONG = "elif known and known.is_open and event.time == known.changed:"
