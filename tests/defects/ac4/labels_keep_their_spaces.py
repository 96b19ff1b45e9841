"""A label with a space in it is sent as it is."""

ITEMS = ("AC4.5",)
SAYS = "but there is none"

FILE = "agent/jira.py"
RIGHT = r'return re.sub(r"[\s\x00-\x1f]", "-", text)[:LONGEST_LABEL]'
WRONG = "return text[:LONGEST_LABEL]"
