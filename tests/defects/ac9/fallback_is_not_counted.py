"""An alert that the model did not decide is not counted."""

ITEMS = ("AC9.3",)
SAYS = "to count the fallback"

FILE = "agent/choice.py"
RIGHT = "self._metrics.trm_fallbacks.labels(_kind(error)).inc()"
WRONG = "self._metrics.trm_fallbacks.labels(_kind(error))"
