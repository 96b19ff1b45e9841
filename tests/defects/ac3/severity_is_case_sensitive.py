"""A severity in capitals is unknown."""

ITEMS = ("AC3.5",)
SAYS = "priority 1 (Urgent)"

FILE = "agent/alert.py"
RIGHT = '"unknown").lower()'
WRONG = '"unknown")'
