"""One call is made of Linear at a time, and takes a quarter of a second."""

ITEMS = ("S5.4",)
SAYS = "95th percentile"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = """
return await send(self._client, request, self._timeout, self._limit)
"""
WRONG = """
async with self.__dict__.setdefault("lock", asyncio.Lock()):
    await asyncio.sleep(0.25)
    return await send(self._client, request, self._timeout, self._limit)
"""
