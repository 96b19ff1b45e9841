"""A remediation that fails is swallowed."""

ITEMS = ("S3.4",)
SAYS = "failed remediation"

FILE = "agent/incidents.py"
RIGHT = """
logs.error("remediation failed", lambda_function=function, error=str(error))
incident.comment("remediation outcome", report.remediation_failed(function, str(error)))
self._open_failure_tickets(incident, function, str(error))
"""
WRONG = """
pass
"""
