"""The event of a firing alert is held back for a second, in case the alert is over soon."""

ITEMS = ("AC2.6",)
SAYS = "before the resolved one"

FILE = "prometheus_events/app.py"
RIGHT = """
delivering = self._work.start("delivery of a notification", self._deliver_all(events))
delivered = await self._work.outcome(delivering)
"""
WRONG = """
async def deliver_in_a_while() -> None:
    await asyncio.sleep(any(state.status == "firing" for state in events))
    await self._deliver_all(events)

self._work.start("delivery of a notification", deliver_in_a_while())
delivered = True
"""
