"""The agent's own traces do not carry the correlation id."""

ITEMS = ("AC6.7",)
SAYS = "correlation id"

FILE = "tracing.py"
PROGRAM = "agent-sre"
RIGHT = "attributes=logs.known()"
WRONG = "attributes={}"
