"""The key is in the address of each call."""

ITEMS = ("AC3.10",)
SAYS = "no address"

FILE = "agent/linear.py"
RIGHT = '"POST", ENDPOINT, json='
WRONG = '"POST", f"{ENDPOINT}?key={authorization}", json='
