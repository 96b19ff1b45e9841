"""The data of an event are called plain text."""

ITEMS = ("AC2.1",)
SAYS = "datacontenttype"
ALSO = ("AC2.2", "AC3.1", "AC5.2")

FILE = "events.py"
PROGRAM = "prometheus-events"
RIGHT = '"datacontenttype": "application/json", "data": event.data}'
WRONG = '"datacontenttype": "text/plain", "data": json.dumps(event.data)}'
