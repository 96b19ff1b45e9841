"""The function is called five seconds after it was chosen."""

ITEMS = ("AC9.4",)
SAYS = "P95"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = "await asyncio.wait(opening, timeout=self._ticket_patience)"
WRONG = "await asyncio.gather(asyncio.sleep(5.2), *opening)"
