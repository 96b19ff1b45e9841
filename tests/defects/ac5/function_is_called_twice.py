"""A function is called a second time after its success."""

ITEMS = ("AC5.2",)
SAYS = "exactly once"

FILE = "agent/functions.py"
RIGHT = """
breaker.leave(failed=False)
return message
"""
WRONG = """
breaker.leave(failed=False)
await self._post(function, request)
return message
"""
