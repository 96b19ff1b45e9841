"""An alert that resolves is told on its issue, which stays open."""

ITEMS = ("AC3.3", "AC1.3")
SAYS = "completed state"
ALSO = ("AC5.2",)

FILE = "agent/tickets.py"
RIGHT = """
await self._tracker.comment(self._id, key, [section])
await self._tracker.complete(self._id)
"""
WRONG = """
await self._tracker.comment(self._id, key, [section])
"""
