"""All comments of an issue have the same mark, so that only the first is written."""

ITEMS = ("AC4.2",)
SAYS = "to tell how"

FILE = "agent/jira.py"
RIGHT = "issue, mark = await self._known(issue_id), derived_id(issue_id, key)"
WRONG = "issue, mark = await self._known(issue_id), derived_id(issue_id)"
