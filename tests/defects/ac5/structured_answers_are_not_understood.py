"""An answer that is an event in structured mode is read as plain JSON."""

ITEMS = ("AC5.6",)
SAYS = "exactly one"

FILE = "agent/functions.py"
RIGHT = 'return "ce-specversion" in headers or headers.get("content-type", "").startswith("application/cloudevents")'
WRONG = 'return "ce-specversion" in headers'
