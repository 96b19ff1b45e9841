"""When an alert resolves, the newest open issue about an alert of its name is closed."""

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
    issue = await self._known(issue_id)
    name = _part(await self._ask("GET", f"/issue/{issue}", fields="summary"), "fields")["summary"]
    jql = f'project = "{self._project}" AND statusCategory != Done AND summary ~ "{name}"'
    issue = _part(await self._ask("GET", "/search/jql", jql=jql, fields="key"), "issues")[0]["key"]
'''
