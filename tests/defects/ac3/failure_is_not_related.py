"""The ticket of a failed remediation has no relation."""

ITEMS = ("AC3.4",)
SAYS = "to be related to"

FILE = "agent/linear.py"
RIGHT = "if draft.related_id:"
WRONG = "if not draft.related_id:"
