"""An event's type is that of the group's status, and not of the alert's."""

ITEMS = ("AC1.6", "AC2.2")
SAYS = "alert.fired"

FILE = "prometheus_events/notification.py"
RIGHT = "TYPES[alert.status]"
WRONG = "TYPES[notification.status]"
