"""When Linear cannot renew the token for a moment, agent-sre does not try again."""

ITEMS = ("SEC4",)
SAYS = "first one, and 1 of its tries"

FILE = "agent/linear_access.py"
RIGHT = "if response.status_code in (400, 401):"
WRONG = "if not response.is_success:"
