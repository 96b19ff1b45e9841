"""All alerts that come without a correlation id get the same one."""

ITEMS = ("AC2.4",)
SAYS = "of its own"

FILE = "prometheus_events/notification.py"
RIGHT = '"correlationid": correlation_id or trace or own'
WRONG = '"correlationid": correlation_id or trace or "prometheus-events"'
