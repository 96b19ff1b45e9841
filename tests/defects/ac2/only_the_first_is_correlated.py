"""Only the first alert of a notification gets its correlation id."""

ITEMS = ("AC2.4",)
SAYS = "correlationid"

FILE = "prometheus_events/app.py"
RIGHT = "event_of(alert, notification, correlation_id, traceparent)"
WRONG = "event_of(alert, notification, correlation_id if alert is notification.alerts[0] else None, traceparent)"
