"""The converter does not look whether a notification has a correlation id."""

ITEMS = ("AC2.4",)
SAYS = "correlationid to be"

FILE = "prometheus_events/notification.py"
RIGHT = '"correlationid": correlation_id or trace or own'
WRONG = '"correlationid": trace or own'
