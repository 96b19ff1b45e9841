"""The converter does not continue the trace of a notification."""

ITEMS = ("AC2.4",)
SAYS = "belong to trace"

FILE = "prometheus_events/notification.py"
RIGHT = "trace = trace_id(traceparent)"
WRONG = "trace = None"
