"""An alert that resolves before its issue is opened finds nothing to close, and the issue stays open for ever."""

ITEMS = ("AC3.3",)
ALSO = ("AC4.3", "AC1.3")
SAYS = "over before there could be one"

FILE = "agent/tickets.py"
RIGHT = "async with self._turn:"
WRONG = 'async with asyncio.Lock() if what == "close the issue" else self._turn:'
