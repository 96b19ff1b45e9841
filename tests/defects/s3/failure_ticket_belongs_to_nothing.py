"""The ticket about a failed remediation is related to no issue."""

ITEMS = ("S3.4",)
SAYS = "to be related to"

FILE = "agent/incidents.py"
RIGHT = "issue_id, incident.alert, incident.correlation_id, context, function, reason, incident.id"
WRONG = "issue_id, incident.alert, incident.correlation_id, context, function, reason, None"
