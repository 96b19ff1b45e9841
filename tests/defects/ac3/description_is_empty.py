"""The issue has no description."""

ITEMS = ("AC3.1",)
SAYS = "is empty"

FILE = "agent/linear.py"
RIGHT = '"description": markdown(draft.sections),'
WRONG = '"description": "",'
