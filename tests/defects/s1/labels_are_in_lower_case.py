"""The issue gives the labels' values in lower case."""

ITEMS = ("S1.5",)
ALSO = ("AC1.2", "AC4.5", "S2.5")
SAYS = "Checkout-Crew"

FILE = "agent/report.py"
RIGHT = 'Section("Labels", alert.labels)'
WRONG = 'Section("Labels", {name: value.lower() for name, value in alert.labels.items()})'
