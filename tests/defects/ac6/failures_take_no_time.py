"""The duration of a remediation is only exported when it succeeds."""

ITEMS = ("AC6.7",)
SAYS = "agent_sre_remediation_duration_seconds"

FILE = "agent/incidents.py"
RIGHT = """
self._metrics.duration.observe(time.monotonic() - began)
"""
WRONG = """
if status == "success":
    self._metrics.duration.observe(time.monotonic() - began)
"""
