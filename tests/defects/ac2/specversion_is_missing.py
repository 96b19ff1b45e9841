"""Events have no specversion."""

ITEMS = ("AC2.1",)
SAYS = "specversion"
ALSO = ("AC2.2",)

FILE = "events.py"
PROGRAM = "prometheus-events"
RIGHT = 'envelope = {"specversion": "1.0", **event.attributes,'
WRONG = "envelope = {**event.attributes,"
