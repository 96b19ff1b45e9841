"""An issue that cannot be opened at once is given up."""

ITEMS = ("S2.5",)
SAYS = "Linear issue about"

FILE = "agent/tickets.py"
RIGHT = """
logs.error(f"could not {what} and will go on later", tracker=self._tracker.name, error=str(error))
"""
WRONG = """
logs.error(f"could not {what}", tracker=self._tracker.name, error=str(error))
return False
"""
