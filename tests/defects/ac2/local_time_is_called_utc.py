"""The time of an event is that of another zone, though it is called UTC."""

ITEMS = ("AC2.1",)
SAYS = "3600 s off"
PROGRAM = "prometheus-events"
FILE = "events.py"
RIGHT = "return datetime.now(UTC).isoformat"
WRONG = "return datetime.fromtimestamp(datetime.now(UTC).timestamp() + 3600, UTC).isoformat"
