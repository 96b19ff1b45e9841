"""On an issue that somebody has commented on, no other comment is written."""

ITEMS = ("AC4.2",)
SAYS = "to tell how"

FILE = "agent/jira.py"
RIGHT = 'if mark in json.dumps(_part(page, "comments")):'
WRONG = 'if mark and _part(page, "comments"):'
