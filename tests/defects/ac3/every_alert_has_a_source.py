"""An alert's source is taken apart whatever it is: an alert without one has no ticket."""

ITEMS = ("AC3.1", "AC4.1")
SAYS = "but there is none"

FILE = "agent/report.py"
RIGHT = 'if urlsplit(alert.generator_url).scheme in ("http", "https"):'
WRONG = 'if alert.generator_url.split("://")[1]:'
