"""The value is kept by the alert's name, so that the second alert of a rule shows the first one's."""

ITEMS = ("AC6.1",)
SAYS = "which is another's"
FILE = "agent/observability.py"
RIGHT = """
return await self._prometheus.ask("/api/v1/query", {"query": query}, own)
"""
WRONG = """
kept: dict[str, Any] = self.__dict__.setdefault("_kept", {})
if alert.alertname not in kept:
    kept[alert.alertname] = await self._prometheus.ask("/api/v1/query", {"query": query}, own)
return kept[alert.alertname]
"""
