"""One call is made of Linear at a time, and takes a twentieth of a second: alerts that arrive on schedule pile up."""

ITEMS = ("M2",)
SAYS = "Linear in less than 2 s"

FILE = "agent/linear.py"
RIGHT = """
return await send(self._client, request, self._timeout, self._limit)
"""
WRONG = """
async with self.__dict__.setdefault("lock", asyncio.Lock()):
    await asyncio.sleep(0.05)
    return await send(self._client, request, self._timeout, self._limit)
"""
