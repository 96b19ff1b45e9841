"""A backend that does not answer is taken for one that has no data."""

ITEMS = ("AC6.4",)
SAYS = "are unavailable"

FILE = "agent/observability.py"
RIGHT = "return Unavailable(str(failure))"
WRONG = "return None  # type: ignore[return-value]"
