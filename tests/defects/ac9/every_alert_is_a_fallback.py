"""Each alert that the model is asked about is counted as a fallback."""

ITEMS = ("AC9.3",)
SAYS = "to count no fallback"

FILE = "agent/choice.py"
RIGHT = """
proposed = await self._trm.proposal(alert)
"""
WRONG = """
self._metrics.trm_fallbacks.labels("unavailable").inc()
proposed = await self._trm.proposal(alert)
"""
