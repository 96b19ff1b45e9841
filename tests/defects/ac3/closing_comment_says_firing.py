"""The comment with which an issue is closed says that the alert is still firing."""

ITEMS = ("AC3.3", "AC4.3")
SAYS = "it only says again"

FILE = "agent/incidents.py"
RIGHT = "report.resolved(alert, correlation_id)"
WRONG = "report.repeated(incident.alert, correlation_id)"
