"""Only the name is looked at for what a shell would make something of."""

ITEMS = ("AC9.5",)
SAYS = "kubectl"

FILE = "agent/trm.py"
RIGHT = "if (unsafe := _unsafe(parameters)) is not None:"
WRONG = 'if (unsafe := _unsafe(parameters.get("name"))) is not None:'
