"""The alert's pod replaces the name that its annotation gives."""

ITEMS = ("AC5.3",)
SAYS = "name = "

FILE = "agent/remediation.py"
RIGHT = 'if "name" not in filled and "selector" not in filled:'
WRONG = 'if "selector" not in filled:'
