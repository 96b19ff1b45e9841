"""Nobody is told on the issue that a remediation was started."""

ITEMS = ("AC3.2",)
SAYS = "was started"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = """
incident.comment("remediation", report.remediation_started(planned))
event_id = derived_id(incident.id, "remediation")
"""
WRONG = """
event_id = derived_id(incident.id, "remediation")
"""
