"""The issue of a resolved alert is cancelled instead of completed."""

ITEMS = ("AC3.3",)
SAYS = "completed state"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = 'type: {eq: "completed"}'
WRONG = 'type: {eq: "canceled"}'
