"""The converter drops alerts of severity info."""

ITEMS = ("AC1.1",)
SAYS = "sent nothing to the broker"

FILE = "prometheus_events/app.py"
RIGHT = "for alert in notification.alerts"
WRONG = 'for alert in notification.alerts if alert.labels.get("severity") != "info"'
