"""Without the on-call service no issue is opened."""

ITEMS = ("AC3.7",)
SAYS = "but there is none"

FILE = "agent/context.py"
RIGHT = """
logs.error("nobody can tell who is on call; the ticket stays unassigned", error=str(failure))
return None
"""
WRONG = """
logs.error("nobody can tell who is on call", error=str(failure))
raise
"""
