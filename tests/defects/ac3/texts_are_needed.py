"""An alert without annotations has no ticket: where there is no description, there has to be a summary."""

ITEMS = ("AC3.1", "AC4.1")
SAYS = "but there is none"

FILE = "agent/report.py"
RIGHT = 'alert.annotations.get("description") or alert.annotations.get("summary") or ""'
WRONG = 'alert.annotations.get("description") or alert.annotations["summary"]'
