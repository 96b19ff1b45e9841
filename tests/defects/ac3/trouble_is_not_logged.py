"""A call that fails and is repeated is no matter for the log."""

ITEMS = ("AC3.9",)
SAYS = "reports an error"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = "logs.warning("
WRONG = "logs.info("
