"""The severity in an event's data is changed to capitals."""

ITEMS = ("AC2.3",)
SAYS = "'severity'"

FILE = "prometheus_events/notification.py"
RIGHT = '"severity": alert.labels.get("severity", "unknown")'
WRONG = '"severity": alert.labels.get("severity", "unknown").upper()'
