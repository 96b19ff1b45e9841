"""Only the call that meets Jira's rate limit waits for its end; those of other alerts go on."""

ITEMS = ("M4",)
SAYS = "no call to Jira while its rate limit is reached"

FILE = "agent/jira.py"
RIGHT = "self._limit.reached(time.time() + wait)"
WRONG = "await asyncio.sleep(wait)"
