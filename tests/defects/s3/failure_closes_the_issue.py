"""A remediation that fails closes the alert's issue."""

ITEMS = ("S3.3",)
SAYS = "to stay open"

FILE = "agent/incidents.py"
RIGHT = 'incident.comment("remediation outcome", report.remediation_failed(function, str(error)))'
WRONG = 'incident.close("remediation outcome", report.remediation_failed(function, str(error)))'
