"""An event's subject is not the alert's name."""

ITEMS = ("AC2.2",)
SAYS = "subject"

FILE = "prometheus_events/notification.py"
RIGHT = '"subject": alert.labels["alertname"]'
WRONG = '"subject": notification.receiver'
