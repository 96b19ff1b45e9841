"""An alert without a severity is critical in its event's data."""

ITEMS = ("AC2.3",)
ALSO = ("AC3.5",)
SAYS = "has the severity 'critical'"

FILE = "prometheus_events/notification.py"
RIGHT = 'alert.labels.get("severity", "unknown")'
WRONG = 'alert.labels.get("severity", "critical")'
