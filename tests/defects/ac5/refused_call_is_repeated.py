"""A call that a function refuses is repeated."""

ITEMS = ("AC5.7",)
SAYS = "exactly once"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = "raise RefusedError(what)"
WRONG = "raise TransientError(what)"
