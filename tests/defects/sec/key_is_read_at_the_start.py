"""The key for Linear is read when agent-sre starts, and never again."""

ITEMS = ("SEC3",)
SAYS = "none of its"
ALSO = ("AC3.10",)

FILE = "agent/linear_access.py"
RIGHT = "key = self._key.reload() if refused else self._key.reveal()"
WRONG = "key = self.__dict__.setdefault('_read', self._key.reveal())"
