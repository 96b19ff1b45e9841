"""Alerts of one name share an approval request."""

ITEMS = ("AC8.1",)
SAYS = "called none"

FILE = "agent/incidents.py"
RIGHT = 'request_id = derived_id(incident.id, "approval")'
WRONG = 'request_id = derived_id(incident.alert.alertname, "approval")'
