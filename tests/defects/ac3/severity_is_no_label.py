"""The issue's severity is not among its labels."""

ITEMS = ("AC3.6",)
SAYS = "but it carries agent-sre"

FILE = "agent/linear.py"
RIGHT = "names = [LABEL, draft.severity]"
WRONG = "names = [LABEL]"
