"""Only the first thousand characters of an answer are looked at."""

ITEMS = ("AC9.2",)
SAYS = "called none"

FILE = "agent/trm.py"
RIGHT = "LONGEST = 8_000"
WRONG = "LONGEST = 1_000"
