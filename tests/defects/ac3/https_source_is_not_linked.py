"""The issue does not link to a source that is reached by HTTPS."""

ITEMS = ("AC3.4",)
SAYS = "https://prometheus.example.com"

FILE = "agent/report.py"
RIGHT = 'if urlsplit(alert.generator_url).scheme in ("http", "https"):'
WRONG = 'if alert.generator_url.startswith("http://"):'
