"""A model that does not answer is waited for for a minute."""

ITEMS = ("AC9.3",)
SAYS = "but it called none"

FILE = "agent/trm.py"
RIGHT = "response = await send(self._client, request, self._timeout)"
WRONG = "response = await send(self._client, request, 60)"
