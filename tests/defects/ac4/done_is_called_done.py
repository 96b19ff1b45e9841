"""Only a status that is called Done is a status for finished work."""

ITEMS = ("AC4.3",)
SAYS = "category done"

FILE = "agent/jira.py"
RIGHT = 'return bool(status["statusCategory"]["key"] == "done")'
WRONG = 'return bool(status["name"] == "Done")'
