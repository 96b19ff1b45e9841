"""A scenario that fails is counted as one that passes."""

ITEMS = ("MON1",)
SAYS = "to know the scenarios"

FILE = "reports/metrics.py"
RIGHT = "self.scenarios.labels(criterion.id, scenario.status).inc()"
WRONG = "self.scenarios.labels(criterion.id, Status.PASSED).inc()"
