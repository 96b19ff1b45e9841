"""An event's source is words, and no URI reference."""

ITEMS = ("AC2.1",)
SAYS = "source"
ALSO = ("AC2.2",)

FILE = "prometheus_events/notification.py"
RIGHT = 'f"prometheus/alertmanager/{quote(notification.receiver)}"'
WRONG = 'f"Alertmanager, for {notification.receiver}"'
