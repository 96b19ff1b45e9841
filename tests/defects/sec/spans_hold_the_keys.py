"""Spans have all settings as attributes, keys included."""

ITEMS = ("SEC5",)
SAYS = "export"

FILE = "agent/app.py"
RIGHT = "logs.bind(alertname=alert.alertname)"
WRONG = (
    "logs.bind(alertname=alert.alertname, "
    "settings=list(__import__('steps.reference.settings', fromlist=['x'])._hidden))"
)
