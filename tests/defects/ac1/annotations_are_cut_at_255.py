"""Annotations are cut after 255 characters."""

ITEMS = ("AC1.2",)
SAYS = "255 characters"

FILE = "prometheus_events/notification.py"
RIGHT = '"annotations": alert.annotations,'
WRONG = '"annotations": {name: text[:255] for name, text in alert.annotations.items()},'
