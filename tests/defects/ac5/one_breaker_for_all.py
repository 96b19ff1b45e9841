"""All functions share one circuit breaker."""

ITEMS = ("AC5.8",)
SAYS = "but it called it only"

FILE = "agent/functions.py"
RIGHT = "self._breakers.setdefault(function,"
WRONG = 'self._breakers.setdefault("all",'
