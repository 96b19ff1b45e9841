"""An empty value makes an empty text node."""

ITEMS = ("AC4.1",)
SAYS = "but there is none"

FILE = "agent/adf.py"
RIGHT = """
name, value = room.cut(f"{name}: "), room.cut(value or "(empty)")
if not name or not value:
    return
"""
WRONG = """
name, value = room.cut(f"{name}: "), room.cut(value)
"""
