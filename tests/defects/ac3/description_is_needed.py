"""An alert without the annotation description has no ticket."""

ITEMS = ("AC3.1", "AC4.1")
SAYS = "but there is none"

FILE = "agent/report.py"
RIGHT = 'alert.annotations.get("description") or alert.annotations.get("summary") or ""'
WRONG = 'alert.annotations["description"]'
