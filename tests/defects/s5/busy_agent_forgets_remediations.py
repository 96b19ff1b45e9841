"""While three remediations are under way, others are forgotten."""

ITEMS = ("S5.2",)
SAYS = "but it called none"

FILE = "agent/incidents.py"
RIGHT = 'began, status = time.monotonic(), "failure"'
WRONG = """
if self._metrics.active._value.get() >= 3:
    return
began, status = time.monotonic(), "failure"
"""
