"""All events of a notification tell the start of the alert that began first."""

ITEMS = ("AC2.3",)
SAYS = "startsAt"

FILE = "prometheus_events/notification.py"
RIGHT = '"startsAt": alert.startsAt'
WRONG = '"startsAt": min(one.startsAt for one in notification.alerts)'
