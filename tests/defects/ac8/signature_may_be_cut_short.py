"""A signature is compared as far as it goes, so that its first letters are enough."""

ITEMS = ("AC8.3",)
SAYS = "without approval"

FILE = "agent/slack.py"
RIGHT = "if not hmac.compare_digest(expected.encode(), given.encode()):"
WRONG = "if not given or not hmac.compare_digest(expected[: len(given)].encode(), given.encode()):"
