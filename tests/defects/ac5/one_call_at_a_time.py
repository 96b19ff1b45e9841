"""One function is called at a time."""

ITEMS = ("AC5.4",)
SAYS = "while"

FILE = "agent/functions.py"
RIGHT = """
message = await self._retries.run(f"call of {function}", lambda: self._post(function, request))
"""
WRONG = """
async with self.__dict__.setdefault("lock", __import__("asyncio").Lock()):
    message = await self._retries.run(f"call of {function}", lambda: self._post(function, request))
"""
