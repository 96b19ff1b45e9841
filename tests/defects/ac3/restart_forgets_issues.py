"""Which issue is an alert's is known until agent-sre ends: what resolves after that stays open."""

ITEMS = ("AC3.3", "AC4.3")
SAYS = "but it is"

FILE = "agent/incidents.py"
RIGHT = """
if known and not known.is_open:
    logs.info("the alert was resolved before")
"""
WRONG = """
if not known or not known.is_open:
    logs.info("the alert was resolved before")
"""
