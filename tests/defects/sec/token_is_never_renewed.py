"""The access token is fetched once and for all."""

ITEMS = ("SEC4",)
SAYS = "it still uses the first one"

FILE = "agent/linear_access.py"
RIGHT = 'if held is None or held.renew_at <= time.time() or refused == f"Bearer {held.access}":'
WRONG = "if held is None:"
