"""The ticket shows numbers to two digits."""

ITEMS = ("AC7.2",)
SAYS = "as current value"

FILE = "agent/report.py"
RIGHT = ':.6g}"'
WRONG = ':.2g}"'
