"""Only events that an alert fires are counted, not that it is resolved."""

ITEMS = ("AC6.7",)
SAYS = "alert.resolved"

FILE = "agent/app.py"
RIGHT = """
self._metrics.received.labels(event["type"], event["source"]).inc()
"""
WRONG = """
if event["type"] == FIRED:
    self._metrics.received.labels(event["type"], event["source"]).inc()
"""
