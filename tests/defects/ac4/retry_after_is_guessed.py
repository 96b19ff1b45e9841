"""A call that meets the rate limit is made again after two seconds, whatever its Retry-After says."""

ITEMS = ("AC4.6",)
SAYS = "too early"

FILE = "agent/jira.py"
RIGHT = "wait = retry_after(response)"
WRONG = "wait = min(2.0, retry_after(response))"
