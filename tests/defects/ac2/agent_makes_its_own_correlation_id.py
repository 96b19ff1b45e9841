"""agent-sre goes on under an id of its own."""

ITEMS = ("AC2.4",)
SAYS = "correlation id"

FILE = "agent/alert.py"
RIGHT = 'return event.get("correlationid") or header or trace or event["id"]'
WRONG = 'return event["id"]'
