"""A 408 is not tried again."""

ITEMS = ("AC5.7",)
SAYS = "408"

FILE = "calls.py"
RIGHT = "if response.status_code in (408, 429) or response.status_code >= 500:"
WRONG = "if response.status_code == 429 or response.status_code >= 500:"
PROGRAM = "agent-sre"
