"""When the time is up, it is looked every second whether somebody has approved since."""

ITEMS = ("AC8.4",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = """
await asyncio.wait({pending.decision}, timeout=self._timeout)
"""
WRONG = """
await asyncio.wait({pending.decision}, timeout=self._timeout)
while self._at_timeout == "pending" and not pending.decision.done():
    await asyncio.sleep(1)
"""
