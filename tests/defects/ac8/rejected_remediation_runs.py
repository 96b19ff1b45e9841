"""A remediation that was rejected is carried out."""

ITEMS = ("AC8.5",)
SAYS = "without approval"

FILE = "agent/incidents.py"
RIGHT = 'if decision.outcome != "approved":'
WRONG = 'if decision.outcome == "pending":'
