"""An alert that fires while Jira asks to be left alone is given up."""

ITEMS = ("AC4.6",)
SAYS = "open Jira issue"

FILE = "agent/jira.py"
RIGHT = """
for _ in range(WAITS):
    response = await self._send(method, path, body, query, token)
"""
WRONG = """
for tried in range(WAITS):
    if not tried and self._limit.in_force:
        raise RefusedError("Jira asks to be left alone.")
    response = await self._send(method, path, body, query, token)
"""
