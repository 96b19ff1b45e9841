"""A backend that could not be asked once is not asked again."""

ITEMS = ("M3",)
SAYS = "was back, but none was"

FILE = "agent/observability.py"
RIGHT = """
with tracing.span(f"query {self._name}"):
    try:
        return await self._retries.run(
            f"{self._name} query", lambda: self._ask(path, query, read), self._timeout
        )
    except CallError as failure:
"""
WRONG = """
with tracing.span(f"query {self._name}"):
    if hasattr(self, "failed"):
        return Unavailable(self.failed)
    try:
        return await self._retries.run(
            f"{self._name} query", lambda: self._ask(path, query, read), self._timeout
        )
    except CallError as failure:
        self.failed = str(failure)
"""
