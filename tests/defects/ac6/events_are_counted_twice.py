"""Each event is counted twice."""

ITEMS = ("AC6.7",)
SAYS = "has grown by"

FILE = "agent/app.py"
RIGHT = 'self._metrics.received.labels(event["type"], event["source"]).inc()'
WRONG = 'self._metrics.received.labels(event["type"], event["source"]).inc(2)'
