"""An answer that must not be followed is no matter for the log."""

ITEMS = ("AC9.5",)
SAYS = "reports an error"

FILE = "agent/choice.py"
RIGHT = "logs.warning("
WRONG = "logs.info("
