"""Where all must approve, a rejection that comes last completes the answers."""

ITEMS = ("AC8.6",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = "if not given.approved:"
WRONG = "if not given.approved and len(pending.answers) < len(self._providers):"
