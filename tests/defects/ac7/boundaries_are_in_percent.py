"""A burn rate is held against boundaries in percent."""

ITEMS = ("AC7.4",)
SAYS = "priority"

FILE = "agent/slm.py"
RIGHT = "if burn_rate > limit"
WRONG = "if burn_rate > 100 * limit"
