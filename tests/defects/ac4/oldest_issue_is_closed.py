"""When an alert resolves, the issue that was opened first is closed."""

ITEMS = ("AC4.3",)
SAYS = "category done"

FILE = "agent/jira.py"
RIGHT = '''
async def complete(self, issue_id: str) -> None:
    """Takes the issue through the first transition to a status of the category `done` (ruling 5)."""
    issue = await self._known(issue_id)
'''
WRONG = '''
async def complete(self, issue_id: str) -> None:
    """Takes the issue through the first transition to a status of the category `done` (ruling 5)."""
    issue = next(iter(self._keys.values()))
'''
