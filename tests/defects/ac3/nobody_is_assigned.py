"""The issue is assigned to nobody."""

ITEMS = ("AC3.7",)
SAYS = "but it is assigned to nobody"

FILE = "agent/linear.py"
RIGHT = 'extras["assigneeId"] = user'
WRONG = "pass"
