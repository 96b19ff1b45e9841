"""A ticket's title gives the alert's pod: an alert about anything else has no ticket."""

ITEMS = ("AC3.1", "AC4.1")
SAYS = "but there is none"

FILE = "agent/report.py"
RIGHT = 'f"[Alert] {alert.alertname}"'
WRONG = "f\"[Alert] {alert.alertname} - {alert.labels['pod']}\""
