"""A token that is refused is tried again and again."""

ITEMS = ("AC4.8",)
SAYS = "to give up"

FILE = "agent/jira.py"
RIGHT = "return UnauthorizedError(sentence)"
WRONG = "return TransientError(sentence)"
