"""Each call of a function leaves some files open behind."""

ITEMS = ("S5.5",)
SAYS = "open files"

FILE = "agent/functions.py"
RIGHT = """
headers, body = binary(event)
"""
WRONG = """
headers, body = binary(event)
self.__dict__.setdefault("kept", []).extend(__import__("socket").socket() for _ in range(6))
"""
