"""The window of log lines is that before now, and not that around the alert's start."""

ITEMS = ("AC6.2",)
SAYS = "are missing"
ALSO = ("AC6.3",)

FILE = "agent/observability.py"
RIGHT = "start, end = parse_time(alert.starts_at).timestamp() - LOOKBACK, time.time()"
WRONG = "start, end = time.time() - LOOKBACK, time.time()"
