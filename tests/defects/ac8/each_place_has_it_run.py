"""Where one approval is enough, that of the other place has the function called once more."""

ITEMS = ("AC8.6",)
SAYS = "called it 2 times"
ALSO = ("AC8.3",)

FILE = "agent/incidents.py"
RIGHT = """
if self._approvals:
    await self._approve(self._approvals, incident, planned)
"""
WRONG = """
if self._approvals:
    await self._approve(self._approvals, incident, planned)
    known, request_id = self._approvals._known, derived_id(incident.id, "approval")
    known[request_id] = type(known[request_id])(asyncio.get_running_loop().create_future())
    known[request_id].decision.add_done_callback(
        lambda _: self._work.start("remediation", self._remediation.carry_out(planned.function, event))
    )
"""
