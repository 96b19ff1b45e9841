"""A critical alert has the priority of a warning."""

ITEMS = ("AC4.4",)
SAYS = "priority Highest"

FILE = "agent/jira.py"
RIGHT = 'PRIORITIES = {"critical": "Highest", "warning": "High"}'
WRONG = 'PRIORITIES = {"critical": "High", "warning": "High"}'
