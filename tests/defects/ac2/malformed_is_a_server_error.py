"""A malformed notification is answered as an error of the converter's own."""

ITEMS = ("AC2.3",)
SAYS = "answered 500"

FILE = "prometheus_events/app.py"
RIGHT = "except MalformedNotificationError as error:"
WRONG = "except KeyError as error:"
