"""A repeated notification is not told on the issue."""

ITEMS = ("AC3.2",)
SAYS = "to be updated"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = 'asked = known.comment(event["id"], report.repeated(alert, correlation_id))'
WRONG = "pass"
