"""A remediation that fails is counted as a success."""

ITEMS = ("AC6.7",)
SAYS = "to count one"

FILE = "agent/incidents.py"
RIGHT = 'began, status = time.monotonic(), "failure"'
WRONG = 'began, status = time.monotonic(), "success"'
