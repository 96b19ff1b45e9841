"""The target is shown as the current value, and the other way round."""

ITEMS = ("AC7.2", "AC7.1")
SAYS = "to show"

FILE = "agent/slm.py"
RIGHT = """
"slo:target": "target",
"sli:current": "current",
"""
WRONG = """
"slo:target": "current",
"sli:current": "target",
"""
