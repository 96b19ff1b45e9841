"""A new key is only looked for when the one before is refused."""

ITEMS = ("SEC3",)
SAYS = "to use its new key for Linear within 2 s"

FILE = "agent/linear_access.py"
RIGHT = "key = self._key.reload() if refused else self._key.reveal()"
WRONG = "key = self._key.reload() if refused else (self._key._value or self._key.reveal())"
