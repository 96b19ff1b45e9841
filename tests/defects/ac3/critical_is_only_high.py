"""A critical alert without SLO data is only High."""

ITEMS = ("AC3.5",)
SAYS = "priority 1 (Urgent)"

FILE = "agent/linear.py"
RIGHT = '{"critical": 1, "warning": 2, "info": 3}'
WRONG = '{"critical": 2, "warning": 2, "info": 3}'
