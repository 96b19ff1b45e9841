"""A rejection does not count, so that an approval can follow it."""

ITEMS = ("AC8.5",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = """
given = pending.answers.setdefault(provider, answer)
"""
WRONG = """
given = answer
if given.approved:
    pending.answers[provider] = answer
else:
    return "pending"
"""
