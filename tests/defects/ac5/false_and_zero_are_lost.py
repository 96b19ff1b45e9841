"""Parameters that are false, zero or empty do not reach the function."""

ITEMS = ("AC5.3",)
SAYS = "but it got only"

FILE = "agent/remediation.py"
RIGHT = "filled = dict(parameters)"
WRONG = "filled = {name: value for name, value in parameters.items() if value or value is None}"
