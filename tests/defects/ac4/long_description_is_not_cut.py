"""A description is cut at ten times the length that Jira takes."""

ITEMS = ("AC4.1",)
SAYS = "description"

FILE = "agent/adf.py"
RIGHT = "LONGEST = 32_000"
WRONG = "LONGEST = 320_000"
