"""The issue of a resolved alert is taken through the first transition, wherever that leads."""

ITEMS = ("AC4.3",)
SAYS = "category done"

FILE = "agent/jira.py"
RIGHT = 'done = next((each["id"] for each in transitions if _is_done(each["to"])), None)'
WRONG = 'done = next((each["id"] for each in transitions), None)'
