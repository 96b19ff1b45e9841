"""A request on Slack may be longer than Slack allows."""

ITEMS = ("AC8.1",)
SAYS = "400"

FILE = "agent/slack.py"
RIGHT = 'return text if len(text) <= limit else text[: limit - 1] + "…"'
WRONG = "return text"
