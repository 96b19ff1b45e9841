"""agent-sre does nothing about a resolved alert."""

ITEMS = ("AC1.3",)
SAYS = "completed state"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = "asked = self._resolve(event, alert, correlation_id, known)"
WRONG = "pass"
