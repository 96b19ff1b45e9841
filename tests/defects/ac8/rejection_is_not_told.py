"""The ticket does not say that somebody has rejected the remediation."""

ITEMS = ("AC8.5",)
SAYS = "decided to reject"

FILE = "agent/incidents.py"
RIGHT = 'incident.comment("approval", report.approval_decided(question, decision))'
WRONG = """
if decision.outcome == "approved":
    incident.comment("approval", report.approval_decided(question, decision))
"""
