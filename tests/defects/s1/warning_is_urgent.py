"""A warning is opened as Urgent."""

ITEMS = ("S1.5",)
SAYS = "priority 2 (High)"
ALSO = ("AC3.5",)

FILE = "agent/linear.py"
RIGHT = '{"critical": 1, "warning": 2, "info": 3}'
WRONG = '{"critical": 1, "warning": 1, "info": 3}'
