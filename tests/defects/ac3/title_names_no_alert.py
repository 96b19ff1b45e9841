"""The issue's title does not name the alert."""

ITEMS = ("AC3.1",)
SAYS = "the title of"

FILE = "agent/report.py"
RIGHT = 'f"[Alert] {alert.alertname}"'
WRONG = '"[Alert]"'
