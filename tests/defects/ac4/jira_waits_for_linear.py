"""Jira is asked for an issue only once Linear has opened its own."""

ITEMS = ("AC4.1",)
SAYS = "Expected a Jira issue"

FILE = "agent/incidents.py"
RIGHT = "return [ticket.open() for ticket in self.tickets]"
WRONG = """
first, *others = self.tickets
opened = first.open()

async def then(ticket: Ticket) -> bool:
    return await opened and await ticket.open()

return [opened, *(asyncio.ensure_future(then(ticket)) for ticket in others)]
"""
