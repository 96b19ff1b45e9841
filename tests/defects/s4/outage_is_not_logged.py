"""That Prometheus cannot be asked is no matter for the log."""

ITEMS = ("S4.4",)
SAYS = "to log the error"

FILE = "logs.py"
PROGRAM = "agent-sre"
RIGHT = "_logger.setLevel(logging.INFO)"
WRONG = "_logger.setLevel(logging.CRITICAL)"
