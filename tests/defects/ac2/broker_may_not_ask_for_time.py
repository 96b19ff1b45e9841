"""The converter does not look for how long an overloaded broker wants to be left alone."""

ITEMS = ("AC2.5",)
SAYS = "too early"

FILE = "calls.py"
PROGRAM = "prometheus-events"
RIGHT = "raise TransientError(what, retry_after(response))"
WRONG = "raise TransientError(what)"
