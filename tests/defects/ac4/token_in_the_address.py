"""The token stands in every URL, too."""

ITEMS = ("AC4.8",)
SAYS = "in their URL"

FILE = "agent/jira.py"
RIGHT = "params=query,"
WRONG = 'params={**query, "token": token},'
