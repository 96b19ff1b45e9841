"""The summary is as long as it comes."""

ITEMS = ("AC4.1",)
SAYS = "summary"

FILE = "agent/jira.py"
RIGHT = "[:LONGEST_SUMMARY]"
WRONG = "[:]"
