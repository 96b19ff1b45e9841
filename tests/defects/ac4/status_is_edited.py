"""The status is edited like a field, and not changed by a transition."""

ITEMS = ("AC4.3",)
SAYS = "edited the field status"

FILE = "agent/jira.py"
RIGHT = 'await self._ask("POST", f"/issue/{issue}/transitions", {"transition": {"id": done}})'
WRONG = 'await self._ask("PUT", f"/issue/{issue}", {"fields": {"status": {"id": done}}})'
