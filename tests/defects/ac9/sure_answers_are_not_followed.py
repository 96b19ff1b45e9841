"""Only an answer in which the model trusts by 0.8 or more is followed."""

ITEMS = ("AC9.2",)
SAYS = "but it called none"

FILE = "agent/trm.py"
RIGHT = "CONFIDENCE = 0.7"
WRONG = "CONFIDENCE = 0.8"
