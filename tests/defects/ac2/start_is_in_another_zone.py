"""The start of an alert is written as if it were local time."""

ITEMS = ("AC2.3",)
SAYS = "startsAt"

FILE = "prometheus_events/notification.py"
RIGHT = '"startsAt": alert.startsAt'
WRONG = '"startsAt": alert.startsAt.replace("Z", "+01:00")'
