"""The values of all series that the alert's condition finds are added up."""

ITEMS = ("AC6.1",)
SAYS = "to state the value"

FILE = "agent/observability.py"
RIGHT = 'values = [str(series["value"][1]) for series in vector if _is_own(series["metric"], alert.labels)]'
WRONG = 'values = [str(sum(float(series["value"][1]) for series in vector))]'
