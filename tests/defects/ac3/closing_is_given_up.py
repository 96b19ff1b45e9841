"""An issue that cannot be closed because Linear is away stays open for ever."""

ITEMS = ("AC3.9", "AC4.7")
SAYS = "to be in a"

FILE = "agent/tickets.py"
RIGHT = r"""
logs.error(f"could not {what} and will go on later", tracker=self._tracker.name, error=str(error))
"""
WRONG = r"""
if what == "close the issue":
    return False
logs.error(f"could not {what} and will go on later", tracker=self._tracker.name, error=str(error))
"""
