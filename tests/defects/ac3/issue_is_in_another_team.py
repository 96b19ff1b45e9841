"""The issue is opened in another team."""

ITEMS = ("AC3.1",)
SAYS = "in team"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = "teams(filter: {key: {eq: $key}})"
WRONG = "teams(filter: {key: {neq: $key}})"
