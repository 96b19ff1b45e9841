"""An issue is opened without a priority."""

ITEMS = ("AC4.4",)
SAYS = "priority High"

FILE = "agent/jira.py"
RIGHT = '"priority": {"name": PRIORITIES.get(draft.severity, OTHER_PRIORITY)},'
WRONG = '"environment": None,'
