"""The pauses between repeated calls do not grow."""

ITEMS = ("AC5.7",)
SAYS = "pauses"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = "grown = state.upcoming_sleep * 2 or self.first_pause"
WRONG = "grown = self.first_pause"
