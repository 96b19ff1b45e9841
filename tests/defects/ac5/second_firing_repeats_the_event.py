"""The call for an alert that fires again has the id of the call before."""

ITEMS = ("AC5.2",)
SAYS = "came again"

FILE = "agent/incidents.py"
RIGHT = 'event_id = derived_id(incident.id, "remediation")'
WRONG = 'event_id = derived_id(incident.alert.identity, "remediation")'
