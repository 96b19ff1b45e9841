"""Each event tells its own annotations as those of its group."""

ITEMS = ("AC2.3",)
SAYS = "'commonAnnotations'"

FILE = "prometheus_events/notification.py"
RIGHT = '"commonAnnotations": notification.commonAnnotations,'
WRONG = '"commonAnnotations": alert.annotations,'
