"""Of the errors of a server only 503 is tried again."""

ITEMS = ("AC4.7",)
SAYS = "but there is none"

FILE = "agent/jira.py"
RIGHT = "if response.status_code in (408, 429) or response.status_code >= 500:"
WRONG = "if response.status_code in (408, 429, 503):"
