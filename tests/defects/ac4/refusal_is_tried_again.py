"""A refusal is tried again and again, as if it would pass."""

ITEMS = ("AC4.7",)
SAYS = "to give up"

FILE = "agent/jira.py"
RIGHT = "return RefusedError(sentence)"
WRONG = "return TransientError(sentence)"
