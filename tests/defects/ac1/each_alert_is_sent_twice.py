"""The converter sends a second event about each alert, with an id of its own."""

ITEMS = ("AC1.1",)
SAYS = "2 different events"

FILE = "prometheus_events/app.py"
RIGHT = """
await self._delivery.deliver(alert, event)
"""
WRONG = """
await self._delivery.deliver(alert, event)
again = {**event.attributes, "id": event["id"][::-1]}
await self._delivery.deliver(alert, CloudEvent(again, event.data))
"""
