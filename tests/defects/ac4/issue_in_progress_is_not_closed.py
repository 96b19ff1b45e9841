"""A Jira issue that somebody has moved on stays open when its alert resolves."""

ITEMS = ("AC4.3",)
SAYS = "category done"

FILE = "agent/jira.py"
RIGHT = "if _is_done(status):"
WRONG = 'if status["statusCategory"]["key"] != "new":'
