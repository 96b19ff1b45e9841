"""A Linear issue on which somebody has begun to work stays open when its alert resolves."""

ITEMS = ("AC3.3",)
SAYS = "started"

FILE = "agent/linear.py"
RIGHT = r"""
try:
    await self.call(UPDATE_ISSUE, id=issue_id, input={"stateId": await self._completed_state()})
except NotFoundError:
"""
WRONG = r"""
issue = await self.call("query issue($id: String!) { issue(id: $id) { state { type } } }", id=issue_id)
if issue["issue"]["state"]["type"] == "started":
    return
try:
    await self.call(UPDATE_ISSUE, id=issue_id, input={"stateId": await self._completed_state()})
except NotFoundError:
"""
