"""Retry-After is not read: a call that meets the rate limit is made again at once."""

ITEMS = ("AC4.6",)
SAYS = "too early"

FILE = "agent/jira.py"
RIGHT = "self._limit.reached(time.time() + wait)"
WRONG = 'logs.info("Jira asks for time", seconds=wait)'
