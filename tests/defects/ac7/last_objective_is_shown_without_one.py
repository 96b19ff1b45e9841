"""An alert without an objective gets that of the alert before it."""

ITEMS = ("AC7.1",)
SAYS = "which is the"

FILE = "agent/context.py"
RIGHT = """
if not (slo := alert.labels.get("slo")):
    return None, None
try:
    return await self._slm.objective(slo), None
"""
WRONG = """
if not (slo := alert.labels.get("slo")):
    return self.__dict__.get("last"), None
try:
    self.last = await self._slm.objective(slo)
    return self.last, None
"""
