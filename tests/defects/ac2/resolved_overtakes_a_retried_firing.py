"""Events are sent in the background, each for itself, and a notification is answered at once."""

ITEMS = ("AC2.6",)
SAYS = "before the resolved one"

FILE = "prometheus_events/app.py"
RIGHT = """
delivering = self._work.start("delivery of a notification", self._deliver_all(events))
delivered = await self._work.outcome(delivering)
"""
WRONG = """
for event in events.values():
    self._work.start("delivery of an event", self._deliver(event["id"], event))
delivered = True
"""
