"""The issue's description leaves out the alert's labels."""

ITEMS = ("AC3.1",)
SAYS = "label namespace"

FILE = "agent/report.py"
RIGHT = 'Section("Labels", alert.labels)'
WRONG = 'Section("Labels")'
