"""A key that Linear refuses is printed."""

ITEMS = ("AC3.10",)
SAYS = "to show its key"

FILE = "agent/linear.py"
RIGHT = """
if (fresh := self._key.reload()) == key:
    raise
"""
WRONG = """
if (fresh := self._key.reload()) == key:
    print("Linear has refused", key)
    raise
"""
