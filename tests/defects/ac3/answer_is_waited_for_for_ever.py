"""A call of Linear that is not answered is waited for for ever."""

ITEMS = ("AC3.9",)
SAYS = "but there is none"

FILE = "agent/linear.py"
RIGHT = "return await send(self._client, request, self._timeout, self._limit)"
WRONG = "return await self._client.send(request)"
