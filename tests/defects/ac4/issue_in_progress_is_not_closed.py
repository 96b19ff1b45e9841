"""An issue on which somebody has begun to work stays open when its alert resolves."""

ITEMS = ("AC4.3",)
SAYS = "category done"

FILE = "agent/jira.py"
RIGHT = "if _is_done(status):"
WRONG = 'if status["statusCategory"]["key"] != "new":'
