"""No call is made for an alert whose name has other letters than ASCII: its header is not encoded."""

ITEMS = ("AC5.2",)
SAYS = "it called none"

FILE = "events.py"
RIGHT = 'headers = {f"ce-{name}": header_value(value) for name, value in attributes.items()}'
WRONG = 'headers = {f"ce-{name}": value for name, value in attributes.items()}'
PROGRAM = "agent-sre"
