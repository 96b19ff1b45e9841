"""The converter answers Alertmanager at once, and drops an event that the broker has not taken in a few seconds."""

ITEMS = ("AC2.5",)
SAYS = "none was taken"

FILE = "prometheus_events/app.py"
RIGHT = """
delivering = self._work.start("delivery of a notification", self._deliver_all(events))
delivered = await self._work.outcome(delivering)
"""
WRONG = """
self._delivery._retries = Retries(7, 0.05)
self._work.start("delivery of a notification", self._deliver_all(events))
delivered = True
"""
