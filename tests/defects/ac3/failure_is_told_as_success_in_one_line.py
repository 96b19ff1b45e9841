"""The alert's issue says of a remediation that failed that it succeeded, and in the same line why it failed."""

ITEMS = ("AC3.2", "AC4.2")
SAYS = "Remediation succeeded"

FILE = "agent/incidents.py"
RIGHT = """
try:
    message = await self._call(incident, choice.plan if choice else None)
    status = "success"
    logs.info("remediation succeeded", lambda_function=function, outcome=message)
    incident.comment("remediation outcome", report.remediation_succeeded(function, message))
except NotApprovedError as refusal:
    status = refusal.outcome
    logs.info("remediation is not carried out", lambda_function=function, reason=str(refusal))
except CallError as error:
    logs.error("remediation failed", lambda_function=function, error=str(error))
    incident.comment("remediation outcome", report.remediation_failed(function, str(error)))
"""
WRONG = """
try:
    message = await self._call(incident, choice.plan if choice else None)
    status = "success"
    logs.info("remediation succeeded", lambda_function=function, outcome=message)
    incident.comment("remediation outcome", Section(f"Remediation succeeded: {message}"))
except NotApprovedError as refusal:
    status = refusal.outcome
    logs.info("remediation is not carried out", lambda_function=function, reason=str(refusal))
except CallError as error:
    logs.error("remediation failed", lambda_function=function, error=str(error))
    incident.comment("remediation outcome", Section(f"Remediation succeeded: {error}"))
"""
