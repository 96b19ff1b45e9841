"""Once approved, a remediation is planned anew, from the alert's labels alone."""

ITEMS = ("AC8.3",)
SAYS = "to be called with"

FILE = "agent/incidents.py"
RIGHT = "await self._approve(self._approvals, incident, planned)"
WRONG = """
await self._approve(self._approvals, incident, planned)
planned = Plan(planned.function, {"name": incident.alert.labels["pod"]})
"""
