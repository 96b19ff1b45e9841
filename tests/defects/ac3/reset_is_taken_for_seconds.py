"""The time at which the rate limit ends is read in seconds, and not in milliseconds."""

ITEMS = ("AC3.8",)
SAYS = "but there is none"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = "ends.append(int(reset) / 1000)"
WRONG = "ends.append(int(reset))"
