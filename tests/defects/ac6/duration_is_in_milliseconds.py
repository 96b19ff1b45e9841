"""The duration of remediations, in seconds by its name, is exported in milliseconds."""

ITEMS = ("AC6.7",)
SAYS = "by the seconds"

FILE = "agent/incidents.py"
RIGHT = "self._metrics.duration.observe(time.monotonic() - began)"
WRONG = "self._metrics.duration.observe((time.monotonic() - began) * 1000)"
