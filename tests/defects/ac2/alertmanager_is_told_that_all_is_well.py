"""The converter answers that an event was delivered when all its tries have failed."""

ITEMS = ("AC2.5",)
SAYS = "tried 5 times"

FILE = "prometheus_events/app.py"
RIGHT = """
logs.error("event not delivered", error=str(failure))
return False
"""
WRONG = """
logs.error("event not delivered", error=str(failure))
return True
"""
