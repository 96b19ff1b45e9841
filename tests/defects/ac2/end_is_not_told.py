"""The event of a resolved alert does not tell when it ended."""

ITEMS = ("AC2.3",)
SAYS = "'None'"

FILE = "prometheus_events/notification.py"
RIGHT = '"endsAt": alert.endsAt,'
WRONG = '"endsAt": None,'
