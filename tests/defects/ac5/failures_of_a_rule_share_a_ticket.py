"""Of the alerts of one rule only the first whose remediation fails has a ticket about it."""

ITEMS = ("AC5.5",)
SAYS = "failed remediation"

FILE = "agent/incidents.py"
RIGHT = 'issue_id = derived_id(incident.id, "remediation failed")'
WRONG = 'issue_id = derived_id(incident.alert.alertname, "remediation failed")'
