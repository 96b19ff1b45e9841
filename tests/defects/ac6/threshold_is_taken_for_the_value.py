"""The ticket states the threshold in place of the value."""

ITEMS = ("AC6.1",)
SAYS = "to state the value"

FILE = "agent/report.py"
RIGHT = '{"Value": sample.value or "no data", "Query": sample.query}'
WRONG = '{"Value": sample.query.rpartition(" ")[2], "Query": sample.query}'
