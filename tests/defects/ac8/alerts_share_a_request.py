"""All approval requests have the same id."""

ITEMS = ("AC8.1",)
SAYS = "but it called none"

FILE = "agent/incidents.py"
RIGHT = 'request_id = derived_id(incident.id, "approval")'
WRONG = 'request_id = derived_id("approval")'
