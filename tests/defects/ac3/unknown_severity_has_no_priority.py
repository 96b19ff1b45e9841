"""An issue of unknown severity has no priority."""

ITEMS = ("AC3.5",)
SAYS = "priority 3 (Normal)"

FILE = "agent/linear.py"
RIGHT = "return WITHOUT_SLM.get(severity, 3)"
WRONG = "return WITHOUT_SLM.get(severity, 0)"
