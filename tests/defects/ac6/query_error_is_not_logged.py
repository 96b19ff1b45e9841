"""A query that fails is no matter for the log."""

ITEMS = ("AC6.5",)
SAYS = "reports an error"

FILE = "agent/observability.py"
RIGHT = 'logs.error(f"{self._name} could not be asked", error=str(failure))'
WRONG = 'logs.info(f"{self._name} could not be asked", error=str(failure))'
