"""A success whose message has other letters than ASCII is taken for garbage."""

ITEMS = ("AC5.6",)
SAYS = "exactly one"

FILE = "agent/functions.py"
RIGHT = "else json.loads(body)"
WRONG = 'else json.loads(body.decode("ascii"))'
