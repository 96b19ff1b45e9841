"""The request on Slack carries no id."""

ITEMS = ("AC8.1",)
SAYS = "request's id"

FILE = "agent/slack.py"
RIGHT = """
_button("Approve", APPROVE + question.id, question.id, "primary"),
_button("Reject", REJECT + question.id, question.id, "danger"),
"""
WRONG = """
_button("Approve", "approve_this", "yes", "primary"),
_button("Reject", "reject_this", "no", "danger"),
"""
