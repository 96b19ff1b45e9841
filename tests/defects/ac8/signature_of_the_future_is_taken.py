"""A signature may be of the future."""

ITEMS = ("AC8.3",)
SAYS = "without approval"

FILE = "agent/slack.py"
RIGHT = "abs(now - int(timestamp)) > WINDOW"
WRONG = "now - int(timestamp) > WINDOW"
