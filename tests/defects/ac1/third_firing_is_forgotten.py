"""An alert that fires a third time has its first, completed issue for its own, and nobody cares for it."""

ITEMS = ("AC1.3",)
SAYS = "(Released)"

FILE = "agent/incidents.py"
RIGHT = "incident_id = derived_id(alert.identity, alert.starts_at)"
WRONG = "incident_id = derived_id(alert.identity)"
