"""A repeated notification closes the issue."""

ITEMS = ("AC3.3",)
SAYS = "to stay open"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = 'asked = known.comment(event["id"], report.repeated(alert, correlation_id))'
WRONG = 'asked = known.close(event["id"], report.repeated(alert, correlation_id))'
