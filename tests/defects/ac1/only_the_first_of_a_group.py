"""Only the first alert of a group becomes an event."""

ITEMS = ("AC1.6",)
SAYS = "sent nothing to the broker"
ALSO = ("AC2.2",)

FILE = "prometheus_events/app.py"
RIGHT = "for alert in notification.alerts"
WRONG = "for alert in notification.alerts[:1]"
