"""Slack is asked once, whatever comes of it."""

ITEMS = ("AC8.6",)
SAYS = "but there is none"
ALSO = ("AC8.1",)

FILE = "agent/slack.py"
RIGHT = 'await self._retries.run("Slack message", lambda: self._post(message))'
WRONG = """
try:
    await self._post(message)
except TransientError:
    pass
"""
