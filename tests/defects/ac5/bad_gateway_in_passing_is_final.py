"""A 500, 502 or 504 of a function in passing is not tried again."""

ITEMS = ("AC5.7",)
ALSO = ("AC6.4", "AC6.5", "AC7.5", "AC7.6")
SAYS = "to succeed"

FILE = "calls.py"
RIGHT = "if response.status_code in (408, 429) or response.status_code >= 500:"
WRONG = "if response.status_code in (408, 429, 503):"
PROGRAM = "agent-sre"
