"""The gauge of active remediations is not lowered when one fails."""

ITEMS = ("AC6.7",)
SAYS = "active_remediations"
FILE = "agent/incidents.py"
RIGHT = "self._metrics.active.dec()"
WRONG = 'self._metrics.active.dec(status == "success")'
