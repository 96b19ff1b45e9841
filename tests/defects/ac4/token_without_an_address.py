"""The token is sent without the e-mail address."""

ITEMS = ("AC4.8",)
SAYS = "without an e-mail address"

FILE = "agent/jira.py"
RIGHT = 'credentials = base64.b64encode(f"{self._email}:{token}".encode()).decode()'
WRONG = "credentials = base64.b64encode(token.encode()).decode()"
