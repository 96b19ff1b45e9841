"""A high SLO violation does not make an issue more urgent."""

ITEMS = ("AC3.5",)
SAYS = "but it has"

FILE = "agent/linear.py"
RIGHT = 'violation not in ("critical", "high")'
WRONG = 'violation not in ("critical",)'
