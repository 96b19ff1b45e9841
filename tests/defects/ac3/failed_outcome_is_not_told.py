"""The alert's issue does not tell that its remediation failed."""

ITEMS = ("AC3.2", "AC4.2")
SAYS = "how repair-"

FILE = "agent/incidents.py"
RIGHT = 'incident.comment("remediation outcome", report.remediation_failed(function, str(error)))'
WRONG = "pass"
