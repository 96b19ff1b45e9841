"""After a probe that failed the breaker believes for ever that one is under way: the function is never called again."""

ITEMS = ("AC5.8",)
SAYS = "again after its cool-down"

FILE = "agent/functions.py"
RIGHT = "self._probing = False"
WRONG = "self._probing = self._probing and failed"
