"""agent-sre does nothing about a resolved alert."""

ITEMS = ("AC1.3",)
SAYS = "completed state"

FILE = "agent/incidents.py"
RIGHT = "asked = self._resolve(event, alert, correlation_id, known)"
WRONG = "pass"
