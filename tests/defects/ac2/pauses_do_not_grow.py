"""All pauses between attempts to deliver an event are alike."""

ITEMS = ("AC2.5",)
SAYS = "pauses"

FILE = "calls.py"
PROGRAM = "prometheus-events"
RIGHT = "grown = state.upcoming_sleep * 2 or self.first_pause"
WRONG = "grown = self.first_pause"
