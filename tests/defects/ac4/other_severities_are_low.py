"""An alert that is neither critical nor a warning has priority Low."""

ITEMS = ("AC4.4",)
SAYS = "priority Medium"

FILE = "agent/jira.py"
RIGHT = 'OTHER_PRIORITY = "Medium"'
WRONG = 'OTHER_PRIORITY = "Low"'
