"""Of a refusal only the fields at fault are logged, and not Jira's general sentences."""

ITEMS = ("AC4.7",)
SAYS = "administrators"

FILE = "agent/jira.py"
RIGHT = 'return " ".join([*told["errorMessages"], *fields])'
WRONG = 'return " ".join(fields)'
