"""A replayed answer is refused only when no other has come in between."""

ITEMS = ("AC8.3",)
SAYS = "to refuse the answer"

FILE = "agent/slack.py"
RIGHT = "self._used[given] = int(timestamp) + WINDOW + 1"
WRONG = "self._used = {given: int(timestamp) + WINDOW + 1}"
