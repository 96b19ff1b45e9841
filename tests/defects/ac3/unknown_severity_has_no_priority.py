"""An alert of unknown severity on a service with an objective has no issue."""

ITEMS = ("AC3.5",)
SAYS = "but there is none"

FILE = "agent/linear.py"
RIGHT = "if violation is None or severity not in WITHOUT_SLM:"
WRONG = "if violation is None:"
