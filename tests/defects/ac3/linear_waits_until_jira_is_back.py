"""Linear is asked for an issue only once Jira has opened or refused its own, however long it is away."""

ITEMS = ("AC3.1",)
SAYS = "open Linear issue"

FILE = "agent/incidents.py"
RIGHT = "return [ticket.open() for ticket in self.tickets]"
WRONG = """
*others, last = self.tickets
opened = last.open()

async def then(ticket: Ticket) -> bool:
    await opened
    return await ticket.open()

return [*(asyncio.ensure_future(then(ticket)) for ticket in others), opened]
"""
