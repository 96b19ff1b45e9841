"""A call of Linear that fails is tried again after the same pause each time."""

ITEMS = ("S2.5",)
SAYS = "pauses"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = """
grown = state.upcoming_sleep * 2 or self.first_pause
"""
WRONG = """
grown = self.first_pause
asked = 0.0
"""
