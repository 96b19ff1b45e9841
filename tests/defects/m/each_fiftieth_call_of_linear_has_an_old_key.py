"""Each fiftieth call of Linear carries a key of long ago, and is made again with the right one."""

ITEMS = ("M5",)
SAYS = "authenticated by Linear"

FILE = "agent/linear.py"
RIGHT = """
key = self._key.reveal()
for _ in range(WAITS):
"""
WRONG = """
key = self._key.reveal()
self.__dict__["asked"] = self.__dict__.get("asked", 0) + 1
if self.__dict__["asked"] % 50 == 0:
    key = key[::-1]
for _ in range(WAITS):
"""
