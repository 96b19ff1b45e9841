"""The issue is closed without a comment."""

ITEMS = ("AC3.3",)
SAYS = "new comment"

FILE = "agent/tickets.py"
RIGHT = """
await self._tracker.comment(self._id, key, [section])
await self._tracker.complete(self._id)
"""
WRONG = """
await self._tracker.complete(self._id)
"""
