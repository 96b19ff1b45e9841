"""What cannot stand in a label is left out, so that words grow together."""

ITEMS = ("AC4.5",)
SAYS = "very-bad"

FILE = "agent/jira.py"
RIGHT = r'return re.sub(r"[\s\x00-\x1f]", "-", text)[:LONGEST_LABEL]'
WRONG = r'return re.sub(r"[\s\x00-\x1f]", "", text)[:LONGEST_LABEL]'
