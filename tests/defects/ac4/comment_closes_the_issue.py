"""Whoever comments on an issue closes it."""

ITEMS = ("AC4.3",)
SAYS = "to stay open"
ALSO = ("AC4.1",)

FILE = "agent/jira.py"
RIGHT = """
await self._retries.run("Jira comment", attempt)
"""
WRONG = """
await self._retries.run("Jira comment", attempt)
await self.complete(issue_id)
"""
