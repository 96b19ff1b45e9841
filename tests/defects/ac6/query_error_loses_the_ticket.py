"""A query that fails keeps the ticket from being opened."""

ITEMS = ("AC6.5",)
SAYS = "but there is none"

FILE = "agent/observability.py"
RIGHT = "return Unavailable(str(failure))"
WRONG = "raise"
