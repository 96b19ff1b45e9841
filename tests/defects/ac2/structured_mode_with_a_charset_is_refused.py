"""agent-sre knows the content type of the structured mode only without a charset."""

ITEMS = ("AC2.1",)
SAYS = "but there is none"

FILE = "events.py"
PROGRAM = "agent-sre"
RIGHT = 'media_type = headers.get("content-type", "").split(";")[0].strip().lower()'
WRONG = 'media_type = headers.get("content-type", "")'
