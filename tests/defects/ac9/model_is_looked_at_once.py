"""What was once found out about the model is never looked at again."""

ITEMS = ("AC9.1",)
SAYS = "as not loaded"

FILE = "agent/trm.py"
RIGHT = "if self._looking is None or self._looking.done():"
WRONG = "if self._looking is None:"
