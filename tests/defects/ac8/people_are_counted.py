"""Where all must approve, two people at one place are enough."""

ITEMS = ("AC8.6",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = "given = pending.answers.setdefault(provider, answer)"
WRONG = "given = pending.answers.setdefault(answer.by, answer)"
