"""An alert gets the annotations of its group in place of its own."""

ITEMS = ("AC1.2",)
SAYS = "'description'"

FILE = "prometheus_events/notification.py"
RIGHT = '"annotations": alert.annotations,'
WRONG = '"annotations": notification.commonAnnotations,'
