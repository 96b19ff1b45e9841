"""A label that Linear does not have keeps the issue from being opened."""

ITEMS = ("AC3.6",)
SAYS = "but there is none"
ALSO = ("AC3.1",)

FILE = "agent/linear.py"
RIGHT = "[label for label in labels if label]}"
WRONG = "labels}"
