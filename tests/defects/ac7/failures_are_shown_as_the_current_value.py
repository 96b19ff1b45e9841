"""The ticket shows the share of requests that failed."""

ITEMS = ("AC7.2",)
SAYS = "as current value"

FILE = "agent/report.py"
RIGHT = '"Current": objective.current,'
WRONG = '"Current": objective.current and 1 - objective.current,'
