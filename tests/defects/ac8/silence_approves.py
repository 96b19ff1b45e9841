"""When nobody answers in time, the remediation is approved."""

ITEMS = ("AC8.4",)
SAYS = "without approval"
ALSO = ("AC8.6",)

FILE = "agent/approvals.py"
RIGHT = "pending.settle(self._at_timeout, timed_out=True)"
WRONG = 'pending.settle("approved", timed_out=True)'
