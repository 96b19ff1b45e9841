"""Without SLO data no ticket is opened."""

ITEMS = ("AC7.6",)
SAYS = "but there is none"

FILE = "agent/context.py"
RIGHT = """
logs.error("SLM context is not available", error=str(failure))
return None, str(failure)
"""
WRONG = """
logs.error("SLM context is not available", error=str(failure))
raise
"""
