"""What Linear refuses as invalid is tried again and again."""

ITEMS = ("AC3.9",)
SAYS = "to give up"

FILE = "agent/linear.py"
RIGHT = "return RefusedError(message)"
WRONG = "return TransientError(message)"
