"""The ticket states the values of all series that the alert's condition finds."""

ITEMS = ("AC6.1",)
SAYS = "which is another's"

FILE = "agent/observability.py"
RIGHT = "return Sample(query, values[0] if values else None)"
WRONG = 'return Sample(query, ", ".join(str(series["value"][1]) for series in vector))'
