"""An alert that fires while Linear asks to be left alone is given up."""

ITEMS = ("AC3.8",)
SAYS = "open Linear issue"

FILE = "agent/linear.py"
RIGHT = """
for _ in range(WAITS):
    await self._limit.over()
    authorization = await self._access.authorization(refused)
"""
WRONG = """
for tried in range(WAITS):
    if not tried and self._limit.in_force:
        raise RefusedError("Linear asks to be left alone.")
    await self._limit.over()
    authorization = await self._access.authorization(refused)
"""
