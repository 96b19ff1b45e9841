"""A new token for Jira is only looked for when the one before is refused."""

ITEMS = ("SEC3",)
SAYS = "to use its new key for Jira within"

FILE = "agent/jira.py"
RIGHT = "token = self._token.reveal()"
WRONG = "token = self._token._value or self._token.reveal()"
