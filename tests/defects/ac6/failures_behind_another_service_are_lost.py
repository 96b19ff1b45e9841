"""A trace in which the service failed counts only when the service began it."""

ITEMS = ("AC6.3",)
SAYS = "to name the trace"
ALSO = ("AC6.2",)

FILE = "agent/observability.py"
RIGHT = 'lambda answer: [_failure(one) for one in answer["traces"]]'
WRONG = 'lambda answer: [_failure(one) for one in answer["traces"] if one.get("rootServiceName") == service]'
