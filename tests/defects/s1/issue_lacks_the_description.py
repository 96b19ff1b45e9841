"""The issue leaves out the alert's annotations."""

ITEMS = ("S1.5",)
SAYS = "to tell"
ALSO = ("AC3.1",)

FILE = "agent/report.py"
RIGHT = """
Section("Description", text=text or "The alert has no description."),
Section("Labels", alert.labels),
Section("Annotations", alert.annotations),
"""
WRONG = """
Section("Labels", alert.labels),
"""
