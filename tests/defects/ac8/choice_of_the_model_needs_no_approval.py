"""A remediation that the model has chosen runs without approval."""

ITEMS = ("AC8.3",)
SAYS = "without approval"

FILE = "agent/incidents.py"
RIGHT = "if self._approvals:"
WRONG = "if self._approvals and not chosen:"
