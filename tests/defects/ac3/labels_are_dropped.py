"""The issue has no labels."""

ITEMS = ("AC3.6",)
SAYS = "to carry the labels"

FILE = "agent/linear.py"
RIGHT = 'extras: dict[str, Any] = {"labelIds": [label for label in labels if label]}'
WRONG = "extras: dict[str, Any] = {}"
