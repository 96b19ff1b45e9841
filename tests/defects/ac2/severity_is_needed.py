"""An alert without a severity is an internal error of the converter."""

ITEMS = ("AC2.3",)
SAYS = "sent nothing"

FILE = "prometheus_events/notification.py"
RIGHT = 'alert.labels.get("severity", "unknown")'
WRONG = 'alert.labels["severity"]'
