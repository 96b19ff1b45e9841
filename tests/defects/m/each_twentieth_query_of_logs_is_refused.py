"""Each twentieth query of the logs ends before it begins, which Loki refuses."""

ITEMS = ("M1",)
SAYS = "/loki/api/v1/query_range answered 400"

FILE = "agent/observability.py"
RIGHT = """
selector = ", ".join(f"{name}={_quoted(value)}" for name, value in wanted.items() if value)
"""
WRONG = """
selector = ", ".join(f"{name}={_quoted(value)}" for name, value in wanted.items() if value)
self.__dict__["asked"] = self.__dict__.get("asked", 0) + 1
if self.__dict__["asked"] % 20 == 0:
    start, end = end, start
"""
