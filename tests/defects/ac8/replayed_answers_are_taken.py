"""The same answer is taken twice."""

ITEMS = ("AC8.3",)
SAYS = "to refuse the answer"

FILE = "agent/slack.py"
RIGHT = "if given in self._used:"
WRONG = "if not given:"
