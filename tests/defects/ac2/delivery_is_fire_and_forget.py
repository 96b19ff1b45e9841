"""An event that the broker does not take is forgotten."""

ITEMS = ("AC2.5",)
SAYS = "more than 1 times"
ALSO = ("AC2.2",)

FILE = "prometheus_events/delivery.py"
RIGHT = """
await self._retries.run(f"delivery of event {event['id']}", lambda: self._send(event))
"""
WRONG = """
try:
    await self._send(event)
except Exception as error:
    logs.error("event lost", error=str(error))
"""
