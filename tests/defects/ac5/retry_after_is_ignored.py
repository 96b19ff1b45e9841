"""A function is called again before the time that it has asked for."""

ITEMS = ("AC5.7",)
SAYS = "as it had asked for"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = "return max(asked, grown * random.uniform(1, 1.1))"
WRONG = "return grown * random.uniform(1, 1.1)"
