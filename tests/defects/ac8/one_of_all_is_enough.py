"""Where all must approve, one approval is enough."""

ITEMS = ("AC8.6",)
SAYS = "without approval"
ALSO = ("AC8.4",)

FILE = "agent/approvals.py"
RIGHT = "elif not self._require_all or len(pending.answers) == len(self._providers):"
WRONG = "elif pending.answers:"
