"""A new key is not read before a restart."""

ITEMS = ("AC3.10",)
SAYS = "but there is none"
ALSO = ("AC5.2",)

FILE = "settings.py"
PROGRAM = "agent-sre"
RIGHT = "if version != self._version:"
WRONG = "if not self._value:"
