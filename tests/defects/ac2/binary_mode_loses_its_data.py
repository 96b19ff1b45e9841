"""agent-sre does not read the data of an event in binary mode."""

ITEMS = ("AC2.1",)
SAYS = "but there is none"
ALSO = ("AC3.1", "AC5.2")

FILE = "events.py"
PROGRAM = "agent-sre"
RIGHT = "data = json_of(body) if body else None"
WRONG = "data = None"
