"""The ticket does not say who has decided."""

ITEMS = ("AC8.3",)
SAYS = "decided to approve"

FILE = "agent/report.py"
RIGHT = 'f"{answer.by} at {answer.at}"'
WRONG = 'f"somebody at {answer.at}"'
