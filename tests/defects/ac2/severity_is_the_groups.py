"""An event has the severity that its group has in common, if it has any."""

ITEMS = ("AC2.3",)
SAYS = "'severity'"

FILE = "prometheus_events/notification.py"
RIGHT = 'alert.labels.get("severity", "unknown")'
WRONG = 'notification.commonLabels.get("severity", "unknown")'
