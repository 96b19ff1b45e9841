"""The names of parameters reach the function in lower case."""

ITEMS = ("AC5.3",)
SAYS = "aNameInMixedCase"

FILE = "agent/remediation.py"
RIGHT = "filled = dict(parameters)"
WRONG = "filled = {name.lower(): value for name, value in parameters.items()}"
