"""The engineer on call is looked for among the people whom Linear shows at once."""

ITEMS = ("AC3.7",)
SAYS = "but it is assigned to nobody"

FILE = "agent/linear.py"
RIGHT = """
if draft.assignee and (user := await self._look_up(USER, "email", draft.assignee)):
"""
WRONG = """
people = (await self.call("query users { users { nodes { id email } } }"))["users"]["nodes"]
if draft.assignee and (user := next((str(one["id"]) for one in people if one["email"] == draft.assignee), None)):
"""
