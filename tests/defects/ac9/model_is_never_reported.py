"""Whether the model is loaded is not reported."""

ITEMS = ("AC9.1",)
SAYS = "as loaded"

FILE = "agent/trm.py"
RIGHT = "self._metrics.trm_loaded.set(trouble is None)"
WRONG = "pass"
