"""A server that says when it is back is asked before."""

ITEMS = ("AC4.6",)
SAYS = "too early"

FILE = "agent/jira.py"
RIGHT = "if wait and not response.is_success:"
WRONG = "if wait and response.status_code == 429:"
