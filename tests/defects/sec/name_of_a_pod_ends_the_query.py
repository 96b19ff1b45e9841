"""Labels stand in the selector of log streams as they come."""

ITEMS = ("SEC7",)
SAYS = "a query that does not hold together: loki answered 400"

FILE = "agent/observability.py"
RIGHT = 'f"{name}={_quoted(value)}"'
WRONG = """f'{name}="{value}"'"""
