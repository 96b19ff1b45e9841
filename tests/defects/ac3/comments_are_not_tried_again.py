"""A comment that Linear does not take at once is given up."""

ITEMS = ("AC3.2", "AC3.3")
SAYS = "comment"

FILE = "agent/linear.py"
RIGHT = "await self._create(CREATE_COMMENT, COMMENT, comment)"
WRONG = """
try:
    await self._ask(CREATE_COMMENT, {"input": comment})
except TransientError as error:
    logs.error("Linear did not take a comment", issue=issue_id, error=str(error))
"""
