"""A late approval has the function called."""

ITEMS = ("AC8.4",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = "await asyncio.wait({pending.decision}, timeout=self._timeout)"
WRONG = 'await asyncio.wait({pending.decision}, timeout=self._timeout if self._at_timeout != "pending" else None)'
