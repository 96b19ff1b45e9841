"""A call whose key was refused is repeated like any other."""

ITEMS = ("AC3.10",)
SAYS = "to give up"

FILE = "agent/linear.py"
RIGHT = "return UnauthorizedError(message)"
WRONG = "return TransientError(message)"
