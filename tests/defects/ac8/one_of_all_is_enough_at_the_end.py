"""Where all must approve, one approval is enough when the time is up."""

ITEMS = ("AC8.4", "AC8.6")
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = "pending.settle(self._at_timeout, timed_out=True)"
WRONG = 'pending.settle("approved" if pending.answers else self._at_timeout, timed_out=True)'
