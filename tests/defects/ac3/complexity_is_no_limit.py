"""Only the limit of requests is heeded, and not that of complexity."""

ITEMS = ("AC3.8",)
SAYS = "complexity points"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = 'LIMITS = ("Endpoint-Requests", "Requests", "Complexity")'
WRONG = 'LIMITS = ("Requests",)'
