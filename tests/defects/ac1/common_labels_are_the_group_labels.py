"""An event carries what its group was formed by, and not what its alerts have in common."""

ITEMS = ("AC1.6",)
SAYS = "group's labels"

FILE = "prometheus_events/notification.py"
RIGHT = '"commonLabels": notification.commonLabels,'
WRONG = '"commonLabels": notification.groupLabels,'
