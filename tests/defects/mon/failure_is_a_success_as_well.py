"""The time of the last success is that of the last scenario, be it failed."""

ITEMS = ("MON1",)
SAYS = "the integrations"

FILE = "reports/metrics.py"
RIGHT = "if scenario.status is Status.PASSED:"
WRONG = "if scenario.status is not Status.BROKEN:"
