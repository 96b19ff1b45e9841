"""A remediation that fails has two tickets: of who meets the failure, and of who hears of it."""

ITEMS = ("AC5.5",)
SAYS = "but there are 2"

FILE = "agent/incidents.py"
RIGHT = """
issue_id = derived_id(incident.id, "remediation failed")
"""
WRONG = """
issue_id = derived_id(incident.id, "remediation failed", reason)
if not reason.startswith("CallError: "):
    self._open_failure_tickets(incident, function, f"CallError: {reason}")
"""
