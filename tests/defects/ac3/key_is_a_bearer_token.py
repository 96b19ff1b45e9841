"""A personal key is sent as if it were an OAuth token."""

ITEMS = ("AC3.10",)
SAYS = "answered 401"
ALSO = ("AC3.1", "AC5.2")

FILE = "agent/linear_access.py"
RIGHT = 'return f"Bearer {key}" if key.startswith("lin_oauth_") else key'
WRONG = 'return f"Bearer {key}"'
