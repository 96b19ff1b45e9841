"""All functions share one circuit breaker."""

ITEMS = ("AC5.8",)
SAYS = "failed only"

FILE = "agent/functions.py"
RIGHT = "self._breakers.setdefault(function,"
WRONG = 'self._breakers.setdefault("all",'
