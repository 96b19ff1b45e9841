"""Each call that the open breaker refuses begins its cool-down anew."""

ITEMS = ("AC5.8",)
SAYS = "again after its cool-down"

FILE = "agent/functions.py"
RIGHT = """
breaker.enter()
try:
    message = await self._retries.run(f"call of {function}", lambda: self._post(function, request))
"""
WRONG = """
try:
    breaker.enter()
    message = await self._retries.run(f"call of {function}", lambda: self._post(function, request))
"""
