"""A burn rate on a boundary is the higher violation."""

ITEMS = ("AC7.4",)
SAYS = "to call the SLO violation"

FILE = "agent/slm.py"
RIGHT = "if burn_rate > limit"
WRONG = "if burn_rate >= limit"
