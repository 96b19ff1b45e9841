"""After the cool-down every call goes through, and not one that probes."""

ITEMS = ("AC5.8",)
SAYS = "to probe"

FILE = "agent/functions.py"
RIGHT = "self._probing = True"
WRONG = "pass"
