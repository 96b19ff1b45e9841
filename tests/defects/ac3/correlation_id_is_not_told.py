"""The issue's description leaves out the correlation id."""

ITEMS = ("AC3.1",)
SAYS = "correlation id"

FILE = "agent/report.py"
RIGHT = 'details | {"Correlation ID": correlation_id}'
WRONG = "details"
