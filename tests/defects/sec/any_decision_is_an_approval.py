"""Whoever does not reject approves."""

ITEMS = ("SEC7",)
SAYS = "a decision that is none"

FILE = "agent/approval_application.py"
RIGHT = 'decision: Literal["approve", "reject"]'
WRONG = "decision: Any"
