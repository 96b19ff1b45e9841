"""The messages on Slack say by which webhook they came."""

ITEMS = ("SEC5",)
SAYS = "messages and requests for approval"

FILE = "agent/slack.py"
RIGHT = 'message = {"channel": self._channel, **message_of(question)}'
WRONG = 'message = {"channel": self._channel, "username": self._webhook.reveal(), **message_of(question)}'
