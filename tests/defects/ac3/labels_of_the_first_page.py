"""A label is looked for among the labels that Linear shows at once."""

ITEMS = ("AC3.6",)
SAYS = "to carry the labels"

FILE = "agent/linear.py"
RIGHT = """
return await self._look_up(LABELS, "name", name, team=await self._team_id())
"""
WRONG = """
found = await self.call("query issueLabels { issueLabels { nodes { id name team { id } } } }")
team, listed = {"id": await self._team_id()}, found["issueLabels"]["nodes"]
return next((str(one["id"]) for one in listed if one["name"] == name and one["team"] in (None, team)), None)
"""
