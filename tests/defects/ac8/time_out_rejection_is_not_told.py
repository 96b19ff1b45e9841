"""The ticket does not say that the time has rejected a remediation."""

ITEMS = ("AC8.4",)
SAYS = "is rejected"
ALSO = ("AC8.6",)

FILE = "agent/incidents.py"
RIGHT = """
incident.comment("approval", report.approval_decided(question, decision))
"""
WRONG = """
if not decision.timed_out:
    incident.comment("approval", report.approval_decided(question, decision))
"""
