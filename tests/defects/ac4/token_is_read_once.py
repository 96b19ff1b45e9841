"""A new token is only read when the agent starts."""

ITEMS = ("AC4.8",)
SAYS = "but there is none"

FILE = "agent/jira.py"
RIGHT = "if response.status_code in (401, 403) and (fresh := self._token.reload()) != token:"
WRONG = "if response.status_code in (401, 403) and (fresh := self._token.reveal()) != token:"
