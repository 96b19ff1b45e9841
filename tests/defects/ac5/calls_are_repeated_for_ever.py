"""A call that fails is repeated without end."""

ITEMS = ("AC5.7",)
SAYS = "failed remediation"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = "stop=stop_after_attempt(self.tries) |"
WRONG = "stop=stop_after_attempt(1000) |"
