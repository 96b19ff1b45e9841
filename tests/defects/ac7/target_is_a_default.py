"""The ticket shows a usual target in place of the service's."""

ITEMS = ("AC7.1",)
SAYS = "as target"

FILE = "agent/report.py"
RIGHT = '"Target": objective.target,'
WRONG = '"Target": 0.999,'
