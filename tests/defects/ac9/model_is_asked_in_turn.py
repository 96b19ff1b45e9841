"""The model is asked about one alert at a time."""

ITEMS = ("AC9.4",)
SAYS = "P95"

FILE = "agent/trm.py"
RIGHT = """
text = await self._retries.run("inference", lambda: self._reason(body))
"""
WRONG = """
async with self.__dict__.setdefault("lock", asyncio.Lock()):
    text = await self._retries.run("inference", lambda: self._reason(body))
"""
