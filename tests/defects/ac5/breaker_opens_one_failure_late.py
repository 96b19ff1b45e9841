"""A circuit breaker opens one failure too late."""

ITEMS = ("AC5.8",)
SAYS = "left alone"

FILE = "agent/functions.py"
RIGHT = "if self._in_a_row < self.failures:"
WRONG = "if self._in_a_row <= self.failures:"
