"""An event has no data."""

ITEMS = ("AC2.1",)
SAYS = "to be JSON"
ALSO = ("AC3.1", "AC5.2")

FILE = "events.py"
PROGRAM = "prometheus-events"
RIGHT = '"datacontenttype": "application/json", "data": event.data}'
WRONG = '"datacontenttype": "application/json"}'
