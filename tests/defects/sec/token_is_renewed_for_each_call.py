"""A fresh access token is fetched for each call."""

ITEMS = ("SEC4",)
SAYS = "it renewed it"

FILE = "agent/linear_access.py"
RIGHT = 'if held is None or held.renew_at <= time.time() or refused == f"Bearer {held.access}":'
WRONG = "if True:"
