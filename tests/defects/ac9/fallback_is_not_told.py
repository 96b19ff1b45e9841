"""The ticket does not say that the model did not decide."""

ITEMS = ("AC9.3",)
SAYS = "model did not decide"

FILE = "agent/incidents.py"
RIGHT = 'incident.comment("choice", report.chosen(choice))'
WRONG = "pass"
