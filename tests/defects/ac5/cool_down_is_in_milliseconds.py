"""A cool-down of seconds is waited for in milliseconds."""

ITEMS = ("AC5.8",)
SAYS = "left alone"

FILE = "agent/functions.py"
RIGHT = """
self._in_a_row = self._in_a_row + 1 if failed else 0
self._next_call = time.monotonic() + self.cooldown
"""
WRONG = """
self._in_a_row = self._in_a_row + 1 if failed else 0
self._next_call = time.monotonic() + self.cooldown / 1000
"""
