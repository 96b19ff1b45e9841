"""No ticket tells that a remediation failed."""

ITEMS = ("AC5.5",)
SAYS = "failed remediation"

FILE = "agent/incidents.py"
RIGHT = "self._open_failure_tickets(incident, function, str(error))"
WRONG = "pass"
