"""The time limit of a query ends when its answer begins, however long that takes to come."""

ITEMS = ("AC6.4",)
SAYS = "ticket"

FILE = "agent/observability.py"
RIGHT = """
response = await send(self._client, request, self._timeout)
"""
WRONG = """
try:
    async with asyncio.timeout(self._timeout):
        response = await self._client.send(request, stream=True)
    await response.aread()
except (TimeoutError, httpx.RequestError) as error:
    raise TransientError(f"{self._name} did not answer: {error!r}.") from error
"""
