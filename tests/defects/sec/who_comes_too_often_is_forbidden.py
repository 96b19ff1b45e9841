"""Half of what is too much is forbidden, and so never delivered again."""

ITEMS = ("SEC6",)
SAYS = "were answered 403"

FILE = "agent/app.py"
RIGHT = 'return _refusal(429, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})'
WRONG = """
self.turned_away = getattr(self, "turned_away", 0) + 1
status = 429 if self.turned_away % 2 else 403
return _refusal(status, "Too many events; deliver it again later.", {"retry-after": str(math.ceil(wait))})
"""
