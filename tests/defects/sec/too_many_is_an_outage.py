"""What is too much is answered as an outage."""

ITEMS = ("SEC6",)
SAYS = "and answered none so"

FILE = "agent/app.py"
RIGHT = 'return _refusal(429, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})'
WRONG = 'return _refusal(503, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})'
