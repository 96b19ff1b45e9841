"""In queries of logs and traces quotes are escaped, and no backslash."""

ITEMS = ("SEC7",)
SAYS = "a query that does not hold together: loki answered 400"

FILE = "agent/observability.py"
RIGHT = "return json.dumps(value, ensure_ascii=False)"
WRONG = r"""return '"' + value.replace('"', r'\"') + '"'"""
