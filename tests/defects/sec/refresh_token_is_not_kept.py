"""The refresh token that agent-sre was given is used again, although it is used up."""

ITEMS = ("SEC4",)
SAYS = "it still uses the first one"

FILE = "agent/linear_access.py"
RIGHT = "refresh = held.refresh if held else self._given.reveal()"
WRONG = "refresh = self._given.reveal()"
