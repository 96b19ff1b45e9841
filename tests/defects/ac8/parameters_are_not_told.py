"""The request on Slack does not tell the parameters."""

ITEMS = ("AC8.1",)
SAYS = "parameter"

FILE = "agent/slack.py"
RIGHT = r'{"type": "section", "text": _mrkdwn("*Parameters*\n", parameters, TEXT_LIMIT)},'
WRONG = r'{"type": "section", "text": _mrkdwn("*Parameters*\n", "as usual", TEXT_LIMIT)},'
