"""Who is turned away is not told when to come again."""

ITEMS = ("SEC6",)
SAYS = "in Retry-After when to come again"

FILE = "agent/app.py"
RIGHT = 'return _refusal(429, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})'
WRONG = 'return _refusal(429, f"Too many events; deliver it again in {math.ceil(wait)} s.")'
