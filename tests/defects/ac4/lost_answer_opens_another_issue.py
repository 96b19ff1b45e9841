"""After a lost answer the issue is opened again, without a look."""

ITEMS = ("AC4.7",)
SAYS = "exactly one"

FILE = "agent/jira.py"
RIGHT = "failed = True"
WRONG = "failed = False"
