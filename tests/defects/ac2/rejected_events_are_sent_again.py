"""An event that the broker rejects is sent again."""

ITEMS = ("AC2.5",)
SAYS = "but it was sent"

FILE = "calls.py"
PROGRAM = "prometheus-events"
RIGHT = "raise RefusedError(what)"
WRONG = "raise TransientError(what)"
