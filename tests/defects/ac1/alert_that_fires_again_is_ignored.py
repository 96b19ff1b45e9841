"""An alert that fires again after it was resolved is taken for a repetition."""

ITEMS = ("AC1.3",)
SAYS = "open Linear issue"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = "elif known and known.is_open:"
WRONG = "elif known:"
