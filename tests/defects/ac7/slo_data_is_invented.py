"""Without SLO data the usual numbers are shown."""

ITEMS = ("AC7.6",)
SAYS = "no SLM context"

FILE = "agent/context.py"
RIGHT = "return None, str(failure)"
WRONG = "return Objective(slo, 0.999, 1.0, 0.001, 0.0), None"
