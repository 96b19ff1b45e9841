"""A call that fails in passing is not repeated."""

ITEMS = ("AC5.7",)
SAYS = "to succeed"

FILE = "agent/functions.py"
RIGHT = 'message = await self._retries.run(f"call of {function}", lambda: self._post(function, request))'
WRONG = "message = await self._post(function, request)"
