"""When Jira does not answer a call, nothing is asked of it for a minute."""

ITEMS = ("M3",)
SAYS = "after Jira was back"
ALSO = ("AC4.7",)

FILE = "agent/jira.py"
RIGHT = """
return await send(self._client, request, self._timeout, self._limit)
"""
WRONG = """
try:
    return await send(self._client, request, self._timeout, self._limit)
except TransientError:
    self._limit.reached(time.time() + 60)
    raise
"""
