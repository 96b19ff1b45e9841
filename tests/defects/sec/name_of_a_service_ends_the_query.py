"""The name of a service stands in the query as it comes."""

ITEMS = ("SEC7",)
SAYS = "a query that does not hold together: tempo answered 400"

FILE = "agent/observability.py"
RIGHT = "resource.service.name = {_quoted(service)}"
WRONG = r"resource.service.name = \"{service}\""
