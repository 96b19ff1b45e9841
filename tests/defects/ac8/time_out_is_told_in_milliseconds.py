"""The approval application is told the time-out in milliseconds."""

ITEMS = ("AC8.2",)
SAYS = "timeout"

FILE = "agent/approval_application.py"
RIGHT = '"timeout": question.timeout,'
WRONG = '"timeout": question.timeout * 1000,'
