"""The burn rate is shown a hundred times too high."""

ITEMS = ("AC7.3",)
SAYS = "as burn rate"

FILE = "agent/report.py"
RIGHT = '"Burn rate": objective.burn_rate,'
WRONG = '"Burn rate": objective.burn_rate and objective.burn_rate * 100,'
