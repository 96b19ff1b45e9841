"""Where silence is to reject, a remediation about which nobody has answered stays pending."""

ITEMS = ("AC8.4",)
SAYS = "is rejected"

FILE = "agent/approvals.py"
RIGHT = "pending.settle(self._at_timeout, timed_out=True)"
WRONG = """
outcome = "pending" if self._at_timeout == "rejected" and not pending.answers else self._at_timeout
pending.settle(outcome, timed_out=True)
"""
