"""Only a status that is called what finished work is mostly called is a status for finished work."""

ITEMS = ("AC4.3",)
SAYS = "category done"

FILE = "agent/jira.py"
RIGHT = 'return bool(status["statusCategory"]["key"] == "done")'
WRONG = 'return status["name"].lower() in ("done", "closed", "resolved", "completed")'
