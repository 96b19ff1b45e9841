"""Slack's rate limit is not waited out."""

ITEMS = ("AC8.1",)
SAYS = "too early"

FILE = "agent/slack.py"
RIGHT = "self._limit.reached(time.time() + (retry_after(response) or 1))"
WRONG = 'raise TransientError("Slack is busy.")'
