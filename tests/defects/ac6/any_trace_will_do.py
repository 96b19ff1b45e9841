"""The ticket names the last traces of the service, whether they failed or not."""

ITEMS = ("AC6.3",)
SAYS = "but it names"
ALSO = ("AC6.2",)

FILE = "agent/observability.py"
RIGHT = "&& status = error }}"
WRONG = "}}"
