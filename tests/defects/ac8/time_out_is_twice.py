"""The time is up after twice of it."""

ITEMS = ("AC8.4",)
SAYS = "nobody had answered"
ALSO = ("AC8.6",)

FILE = "agent/approvals.py"
RIGHT = "await asyncio.wait({pending.decision}, timeout=self._timeout)"
WRONG = "await asyncio.wait({pending.decision}, timeout=2 * self._timeout)"
