"""The issue does not link to the alert's source."""

ITEMS = ("AC3.4",)
SAYS = "the alert's source"

FILE = "agent/report.py"
RIGHT = 'if urlsplit(alert.generator_url).scheme in ("http", "https"):'
WRONG = 'if urlsplit(alert.generator_url).scheme in ("https",):'
