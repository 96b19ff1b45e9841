"""A place is asked only when the one before has been reached."""

ITEMS = ("AC8.6",)
SAYS = "in the approval application"

FILE = "agent/approvals.py"
RIGHT = """
asking = [asyncio.create_task(self._ask(provider, question)) for provider in self._providers]
"""
WRONG = """
async def in_turn() -> None:
    for provider in self._providers:
        await self._ask(provider, question)

asking = [asyncio.create_task(in_turn())]
"""
