"""Each fiftieth call of Linear carries a key of long ago, and is made again with the right one."""

ITEMS = ("M5",)
SAYS = "authenticated by Linear"

FILE = "agent/linear.py"
RIGHT = """
response = await self._post(document, variables, authorization)
"""
WRONG = """
self.__dict__["asked"] = self.__dict__.get("asked", 0) + 1
if self.__dict__["asked"] % 50 == 0:
    await self._post(document, variables, authorization[::-1])
response = await self._post(document, variables, authorization)
"""
