"""The log does not tell the correlation id."""

ITEMS = ("AC2.4",)
SAYS = "show correlation id"

FILE = "agent/app.py"
RIGHT = 'logs.bind(correlation_id=correlation_id, event_id=event["id"])'
WRONG = 'logs.bind(event_id=event["id"])'
