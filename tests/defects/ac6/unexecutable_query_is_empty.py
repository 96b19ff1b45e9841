"""A query that a backend cannot execute is taken for one that finds nothing."""

ITEMS = ("AC6.5",)
SAYS = "are unavailable"

FILE = "agent/observability.py"
RIGHT = """
response = await send(self._client, request, self._timeout)
check(response)
"""
WRONG = """
response = await send(self._client, request, self._timeout)
if response.status_code == 422:
    return read({"data": {"resultType": "vector", "result": []}, "traces": []})
check(response)
"""
