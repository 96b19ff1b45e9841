"""The events of an alert all have its fingerprint as their id."""

ITEMS = ("AC2.1",)
SAYS = "came again"

FILE = "prometheus_events/notification.py"
RIGHT = '"id": str(uuid.uuid4())'
WRONG = '"id": alert.fingerprint'
