"""The address of the Slack webhook is printed when a message is posted."""

ITEMS = ("SEC5",)
SAYS = "agent-sre's log shows the slack webhook url, as it is"

FILE = "agent/slack.py"
RIGHT = """
response = await send(self._client, request, self._timeout, self._limit)
"""
WRONG = """
print(f"POST {request.url}", flush=True)
response = await send(self._client, request, self._timeout, self._limit)
"""
