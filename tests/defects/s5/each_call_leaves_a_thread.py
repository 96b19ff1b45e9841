"""Each call of a function leaves a thread behind."""

ITEMS = ("S5.5",)
SAYS = "threads"

FILE = "agent/functions.py"
RIGHT = """
headers, body = binary(event)
"""
WRONG = """
headers, body = binary(event)
__import__("threading").Thread(target=__import__("time").sleep, args=(60,), daemon=True).start()
"""
