"""A server that says when it is back is asked before."""

ITEMS = ("AC4.6",)
SAYS = "too early"

FILE = "agent/jira.py"
RIGHT = """
wait = retry_after(response)
"""
WRONG = """
if response.status_code == 503:
    response.headers.pop("retry-after", None)
wait = retry_after(response)
"""
