"""The model's answer is kept by the alert's name."""

ITEMS = ("AC9.2",)
SAYS = "to ask the model"

FILE = "agent/trm.py"
RIGHT = """
text = await self._retries.run("inference", lambda: self._reason(body))
"""
WRONG = """
kept: dict[str, str] = self.__dict__.setdefault("_kept", {})
if alert.alertname not in kept:
    kept[alert.alertname] = await self._retries.run("inference", lambda: self._reason(body))
text = kept[alert.alertname]
"""
