"""An alert that fires again has its done issue for its own in Jira."""

ITEMS = ("AC4.3",)
SAYS = "open Jira issue"

FILE = "agent/jira.py"
RIGHT = """
key = await self._key(draft.id)
found = key is not None
"""
WRONG = """
key = await self._key(draft.id) or (draft.title.startswith("[Alert]") and await self._key(draft.related_id or ""))
key = key or None
if key is not None:
    self._remember(draft.id, key)
found = key is not None
"""
