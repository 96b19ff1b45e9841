"""Only the first space of a label is replaced."""

ITEMS = ("AC4.5",)
SAYS = "'as-bad as"

FILE = "agent/jira.py"
RIGHT = '"-", text)[:LONGEST_LABEL]'
WRONG = '"-", text, count=1)[:LONGEST_LABEL]'
