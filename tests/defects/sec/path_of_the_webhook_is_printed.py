"""Each message to Slack is printed as libraries log it: its host, and apart from that the webhook's path."""

ITEMS = ("SEC5",)
SAYS = "agent-sre's log shows the slack webhook url"

FILE = "agent/slack.py"
RIGHT = """
response = await send(self._client, request, self._timeout, self._limit)
"""
WRONG = """
response = await send(self._client, request, self._timeout, self._limit)
print(f'https://{request.url.host}:443 "POST {request.url.path} HTTP/1.1" {response.status_code}', flush=True)
"""
