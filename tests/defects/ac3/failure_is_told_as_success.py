"""The alert's issue says of a remediation that failed that it succeeded."""

ITEMS = ("AC3.2",)
ALSO = ("AC4.2",)
SAYS = "Remediation succeeded"

FILE = "agent/incidents.py"
RIGHT = 'incident.comment("remediation outcome", report.remediation_failed(function, str(error)))'
WRONG = 'incident.comment("remediation outcome", report.remediation_succeeded(function, str(error)))'
