"""A new token is only read when the agent starts."""

ITEMS = ("AC4.8",)
SAYS = "but there is none"

FILE = "settings.py"
PROGRAM = "agent-sre"
RIGHT = "if version != self._version:"
WRONG = 'if not (self._value and self._name == "JIRA_API_TOKEN"):'
