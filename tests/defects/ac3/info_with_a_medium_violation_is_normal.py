"""An info alert with a medium SLO violation has priority Normal, as if its violation was not known."""

ITEMS = ("AC3.5",)
SAYS = "priority 4 (Low)"

FILE = "agent/linear.py"
RIGHT = "return 4"
WRONG = 'return {"critical": 4, "high": 4, "low": 4}.get(violation, 3)'
