"""An answer that the model itself does not trust is followed."""

ITEMS = ("AC9.3",)
SAYS = "as the model does not help"

FILE = "agent/trm.py"
RIGHT = "CONFIDENCE = 0.7"
WRONG = "CONFIDENCE = 0.07"
