"""Log lines lose every letter that is not ASCII."""

ITEMS = ("AC6.2",)
SAYS = "the alert's pod has logged"
ALSO = ("AC6.3",)

FILE = "agent/observability.py"
RIGHT = "str(line) for _"
WRONG = 'str(line).encode("ascii", "ignore").decode() for _'
