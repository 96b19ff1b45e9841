"""The model is reported as loaded whatever it says of itself."""

ITEMS = ("AC9.1",)
SAYS = "as not loaded"

FILE = "agent/trm.py"
RIGHT = "self._metrics.trm_loaded.set(trouble is None)"
WRONG = "self._metrics.trm_loaded.set(1)"
