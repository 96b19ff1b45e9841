"""The counter of events has the source as type and the type as source."""

ITEMS = ("AC6.7",)
SAYS = "event_type"

FILE = "agent/app.py"
RIGHT = 'self._metrics.received.labels(event["type"], event["source"]).inc()'
WRONG = 'self._metrics.received.labels(event["source"], event["type"]).inc()'
