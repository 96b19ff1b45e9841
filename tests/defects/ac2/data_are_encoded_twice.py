"""The data of an event are JSON within a JSON string."""

ITEMS = ("AC2.1",)
SAYS = "JSON object"
ALSO = ("AC3.1", "AC5.2")

FILE = "events.py"
PROGRAM = "prometheus-events"
RIGHT = '"datacontenttype": "application/json", "data": event.data}'
WRONG = '"datacontenttype": "application/json", "data": json.dumps(event.data)}'
