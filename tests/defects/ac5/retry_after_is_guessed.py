"""A function that asks for time is called again after a second, whatever its Retry-After says."""

ITEMS = ("AC5.7",)
SAYS = "as it had asked for"

FILE = "agent/functions.py"
RIGHT = "check(response)"
WRONG = """
try:
    check(response)
except CallError as error:
    error.retry_after = min(1.0, getattr(error, "retry_after", 0.0))
    raise
"""
