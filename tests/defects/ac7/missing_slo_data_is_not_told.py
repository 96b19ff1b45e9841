"""The ticket does not say that it has no SLO data."""

ITEMS = ("AC7.6",)
SAYS = "no SLM context"

FILE = "agent/report.py"
RIGHT = "if context.unavailable:"
WRONG = "if not context:"
