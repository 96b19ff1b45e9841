"""An event's time does not say in which zone it is."""

ITEMS = ("AC2.1",)
SAYS = "time"
ALSO = ("AC2.2",)

FILE = "events.py"
PROGRAM = "prometheus-events"
RIGHT = 'return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")'
WRONG = 'return datetime.now().isoformat(timespec="milliseconds")'
