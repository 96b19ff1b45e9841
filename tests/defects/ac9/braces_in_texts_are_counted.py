"""An answer whose reasoning holds a brace is not understood."""

ITEMS = ("AC9.2",)
SAYS = "to call"

FILE = "agent/trm.py"
RIGHT = """
try:
    found, _ = decoder.raw_decode(text, brace.start())
except (ValueError, RecursionError):
    continue
"""
WRONG = """
try:
    depth, end = 1, brace.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    found = json.loads(text[brace.start() : end])
except (ValueError, RecursionError, IndexError):
    continue
"""
