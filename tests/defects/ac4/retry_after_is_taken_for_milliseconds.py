"""Retry-After is taken for milliseconds."""

ITEMS = ("AC4.6",)
SAYS = "too early"

FILE = "agent/jira.py"
RIGHT = "self._limit.reached(time.time() + wait)"
WRONG = "self._limit.reached(time.time() + wait / 1000)"
