"""The ticket names the failed span in place of its trace."""

ITEMS = ("AC6.3",)
SAYS = "to name the trace"
ALSO = ("AC6.2",)

FILE = "agent/observability.py"
RIGHT = 'Failure(trace["traceID"].zfill(32), span["spanID"],'
WRONG = 'Failure(span["spanID"], span["spanID"],'
