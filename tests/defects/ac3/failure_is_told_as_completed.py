"""The alert's issue says of every remediation that it is completed, and of one that failed no more than that."""

ITEMS = ("AC3.2", "AC4.2")
SAYS = "Remediation completed"

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
completed = Section("Remediation completed", {"Function": function})
try:
    message = await self._call(incident, choice.plan if choice else None)
    status = "success"
    logs.info("remediation succeeded", lambda_function=function, outcome=message)
    incident.comment("remediation outcome", Section(completed.heading, completed.facts | {"Outcome": message}))
except NotApprovedError as refusal:
    status = refusal.outcome
    logs.info("remediation is not carried out", lambda_function=function, reason=str(refusal))
except CallError as error:
    logs.error("remediation failed", lambda_function=function, error=str(error))
    incident.comment("remediation outcome", completed)
"""
