"""Linear refuses an issue for a label that was deleted since it was looked up, and the issue is given up."""

ITEMS = ("AC3.6",)
SAYS = "but there is none"

FILE = "agent/linear.py"
RIGHT = "for decorated in (True, True, False):"
WRONG = "for decorated in (True,):"
