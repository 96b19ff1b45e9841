"""A value of zero is shown as no data."""

ITEMS = ("AC7.3",)
SAYS = "to show 0 (0 %)"

FILE = "agent/report.py"
RIGHT = '"no data" if value is None else _number(value)'
WRONG = '_number(value) if value else "no data"'
