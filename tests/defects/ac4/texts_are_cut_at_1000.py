"""Texts in Jira are cut at 1000 characters."""

ITEMS = ("AC4.1",)
SAYS = "to tell"

FILE = "agent/adf.py"
RIGHT = "LONGEST_TEXT = LONGEST // 4"
WRONG = "LONGEST_TEXT = 1000"
