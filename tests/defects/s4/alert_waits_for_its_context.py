"""An alert waits until all of its context can be had."""

ITEMS = ("S4.3",)
SAYS = "but there is none"

FILE = "agent/context.py"
RIGHT = """
return Context(objective, unavailable, assignee, observations)
"""
WRONG = """
while unavailable:
    await asyncio.sleep(1)
    objective, unavailable = await self._objective(alert)
return Context(objective, unavailable, assignee, observations)
"""
