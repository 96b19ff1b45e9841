"""An SLO violation that nobody knows of is taken to be low."""

ITEMS = ("S4.5",)
SAYS = "priority"

FILE = "agent/report.py"
RIGHT = "violation = context.objective.violation if context.objective else None"
WRONG = 'violation = context.objective.violation if context.objective else "low"'
