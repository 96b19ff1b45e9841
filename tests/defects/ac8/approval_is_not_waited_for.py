"""A function is called while its approval is still asked for."""

ITEMS = ("AC8.3",)
SAYS = "without approval"

FILE = "agent/incidents.py"
RIGHT = "await self._approve(self._approvals, incident, planned)"
WRONG = 'self._work.start("approval", self._approve(self._approvals, incident, planned))'
