"""After a lost answer the search is believed before it knows the new issue."""

ITEMS = ("AC4.7",)
SAYS = "exactly one"

FILE = "agent/jira.py"
RIGHT = "raise TransientError(str(error), max(error.retry_after, self._index_lag)) from error"
WRONG = "raise"
