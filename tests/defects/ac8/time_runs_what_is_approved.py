"""An approval in time does not stop the clock: where silence approves, the function is called again in the end."""

ITEMS = ("AC8.3",)
SAYS = "called it 2 times"

FILE = "agent/incidents.py"
RIGHT = """
if self._approvals:
    await self._approve(self._approvals, incident, planned)
"""
WRONG = """
if self._approvals:
    loop = asyncio.get_running_loop()
    time_is_up = loop.time() + self._approvals._timeout
    await self._approve(self._approvals, incident, planned)
    if self._approvals._at_timeout == "approved" and loop.time() < time_is_up:
        loop.call_at(
            time_is_up,
            lambda: self._work.start("remediation", self._remediation.carry_out(planned.function, event)),
        )
"""
