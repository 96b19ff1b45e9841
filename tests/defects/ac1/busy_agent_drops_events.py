"""While ten things are under way, an event is acknowledged and forgotten."""

ITEMS = ("AC1.4",)
SAYS = "but there is none"

FILE = "agent/app.py"
RIGHT = """
if len(self._work) >= self._max_pending:
"""
WRONG = """
if len(self._work) >= 10:
    return _answer("accepted", event, correlation_id)
if len(self._work) >= self._max_pending:
"""
