"""A ticket waits for a backend that does not answer."""

ITEMS = ("AC6.4",)
SAYS = "but there is none"

FILE = "agent/observability.py"
RIGHT = "response = await send(self._client, request, self._timeout)"
WRONG = "response = await send(self._client, request, 60)"
