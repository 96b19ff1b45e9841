"""Whole numbers among the parameters become texts."""

ITEMS = ("AC5.3",)
SAYS = "a whole number"

FILE = "agent/remediation.py"
RIGHT = "filled = dict(parameters)"
WRONG = "filled = {name: str(value) if type(value) is int else value for name, value in parameters.items()}"
