"""A call for which Jira is unavailable is made again after two seconds, whenever Jira said to come back."""

ITEMS = ("AC4.6",)
SAYS = "too early"

FILE = "agent/jira.py"
RIGHT = """
wait = retry_after(response)
"""
WRONG = """
if response.status_code == 503:
    response.headers["retry-after"] = "2"
wait = retry_after(response)
"""
