"""Every issue is a bug, whatever type was agreed on."""

ITEMS = ("AC4.1",)
SAYS = "to be a Task"

FILE = "agent/jira.py"
RIGHT = '"issuetype": {"name": self._issue_type},'
WRONG = '"issuetype": {"name": "Bug"},'
