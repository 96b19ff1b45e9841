"""The counter of remediations does not say which function it was."""

ITEMS = ("AC6.7",)
SAYS = "counts nothing"

FILE = "agent/incidents.py"
RIGHT = "self._metrics.attempts.labels(alert.alertname, function, status).inc()"
WRONG = 'self._metrics.attempts.labels(alert.alertname, "", status).inc()'
