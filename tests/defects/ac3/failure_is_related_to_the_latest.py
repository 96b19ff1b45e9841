"""The ticket of a failed remediation is related to whatever issue was opened first."""

ITEMS = ("AC3.4",)
SAYS = "to be related to"

FILE = "agent/incidents.py"
RIGHT = "issue_id, incident.alert, incident.correlation_id, context, function, reason, incident.id"
WRONG = (
    "issue_id, incident.alert, incident.correlation_id, context, function, reason, [*self._incidents.values()][0].id"
)
