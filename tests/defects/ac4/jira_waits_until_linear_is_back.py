"""Jira is asked for an issue only once Linear has opened or refused its own, however long it is away."""

ITEMS = ("AC4.1",)
SAYS = "open Jira issue"

FILE = "agent/incidents.py"
RIGHT = "return [ticket.open() for ticket in self.tickets]"
WRONG = """
first, *others = self.tickets
opened = first.open()

async def then(ticket: Ticket) -> bool:
    await opened
    return await ticket.open()

return [opened, *(asyncio.ensure_future(then(ticket)) for ticket in others)]
"""
