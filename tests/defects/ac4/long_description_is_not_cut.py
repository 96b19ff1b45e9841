"""A description is cut at the length of Linear's."""

ITEMS = ("AC4.1",)
SAYS = "description"

FILE = "agent/adf.py"
RIGHT = "LONGEST = 32_000"
WRONG = "LONGEST = 320_000"
