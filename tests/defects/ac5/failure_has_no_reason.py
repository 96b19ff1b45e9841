"""The ticket about a failed remediation does not say why it failed."""

ITEMS = ("AC5.5",)
SAYS = "to give the reason"

FILE = "agent/report.py"
RIGHT = 'Section("Remediation failed", facts, reason)'
WRONG = 'Section("Remediation failed", facts)'
