"""Annotations with <, > or & arrive escaped as HTML."""

ITEMS = ("AC1.2",)
SAYS = "annotation 'note'"

FILE = "prometheus_events/notification.py"
RIGHT = '"annotations": alert.annotations,'
WRONG = (
    '"annotations": {name: __import__("html").escape(text, quote=False) for name, text in alert.annotations.items()},'
)
