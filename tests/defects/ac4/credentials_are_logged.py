"""The header of a call that was refused is logged."""

ITEMS = ("AC4.8",)
SAYS = "to show its key"

FILE = "agent/jira.py"
RIGHT = """
return UnauthorizedError(sentence)
"""
WRONG = """
logs.error("Jira refuses", error=sentence, header=request.headers["authorization"])
return UnauthorizedError(sentence)
"""
