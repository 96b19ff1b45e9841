"""A comment that Jira does not take at once is given up."""

ITEMS = ("AC4.2", "AC4.3")
SAYS = "comment"

FILE = "agent/jira.py"
RIGHT = 'await self._retries.run("Jira comment", attempt)'
WRONG = """
try:
    await attempt()
except TransientError as error:
    logs.error("Jira did not take a comment", issue=issue, error=str(error))
"""
