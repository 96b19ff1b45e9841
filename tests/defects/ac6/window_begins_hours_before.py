"""The window around an alert's start begins eight hours before it."""

ITEMS = ("AC6.2",)
SAYS = "hours before"
ALSO = ("AC6.3",)

FILE = "agent/observability.py"
RIGHT = "parse_time(alert.starts_at).timestamp() - LOOKBACK, time.time()"
WRONG = "parse_time(alert.starts_at).timestamp() - 100 * LOOKBACK, time.time()"
