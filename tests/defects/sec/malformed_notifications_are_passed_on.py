"""A malformed notification is refused, and passed on to the broker as it is."""

ITEMS = ("SEC7",)
SAYS = "prometheus-events called broker about it"
ALSO = ("AC2.3",)

FILE = "prometheus_events/app.py"
RIGHT = """
logs.warning("malformed notification", error=str(error))
"""
WRONG = """
logs.warning("malformed notification", error=str(error))
raw = {"id": "1", "source": "raw", "type": "raw", "subject": "raw", "correlationid": "1"}
await self._deliver("raw", CloudEvent(raw, body.decode(errors="replace")))
"""
