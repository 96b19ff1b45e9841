"""Of a refusal only Jira's general sentences are logged, and not the fields at fault."""

ITEMS = ("AC4.7",)
SAYS = "in full"

FILE = "agent/jira.py"
RIGHT = 'return " ".join([*told["errorMessages"], *fields])'
WRONG = 'return " ".join(told["errorMessages"] or fields and ["invalid fields"])'
