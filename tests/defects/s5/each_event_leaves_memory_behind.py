"""Each event leaves ten megabytes behind."""

ITEMS = ("S5.5",)
SAYS = "memory"

FILE = "agent/app.py"
RIGHT = """
duplicate = identity in self._taken
"""
WRONG = """
duplicate = identity in self._taken
self.__dict__.setdefault("kept", []).append(b"." * 10_000_000)
"""
