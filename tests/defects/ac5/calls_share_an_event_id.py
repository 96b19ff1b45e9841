"""The events with which functions are called all have the same id."""

ITEMS = ("AC5.2",)
SAYS = "came again"

FILE = "agent/incidents.py"
RIGHT = 'event_id = derived_id(incident.id, "remediation")'
WRONG = 'event_id = derived_id("remediation")'
