"""A label is taken by its name, whichever team's it is."""

ITEMS = ("AC3.6",)
SAYS = "there is none"
ALSO = ("AC3.1", "AC5.2")

FILE = "agent/linear.py"
RIGHT = 'return await self._look_up(LABELS, "name", name, team=await self._team_id())'
WRONG = 'return await self._look_up(LABELS, "name", name)'
