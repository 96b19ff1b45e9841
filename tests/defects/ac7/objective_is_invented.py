"""An alert without an objective gets the usual one."""

ITEMS = ("AC7.1",)
SAYS = "no SLO data"

FILE = "agent/context.py"
RIGHT = """
if not (slo := alert.labels.get("slo")):
    return None, None
"""
WRONG = """
if not (slo := alert.labels.get("slo")):
    return Objective("availability", 0.999, 1.0, 0.001, 0.0), None
"""
