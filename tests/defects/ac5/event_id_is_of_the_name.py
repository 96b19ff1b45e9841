"""Alerts of one name have the function called with one event id."""

ITEMS = ("AC5.2",)
SAYS = "came again"

FILE = "agent/incidents.py"
RIGHT = 'event_id = derived_id(incident.id, "remediation")'
WRONG = 'event_id = derived_id(incident.alert.alertname, "remediation")'
