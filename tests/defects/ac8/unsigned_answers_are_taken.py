"""An answer without a signature is taken."""

ITEMS = ("AC8.3",)
SAYS = "without approval"

FILE = "agent/slack.py"
RIGHT = "if not hmac.compare_digest(expected.encode(), given.encode()):"
WRONG = "if given and not hmac.compare_digest(expected.encode(), given.encode()):"
