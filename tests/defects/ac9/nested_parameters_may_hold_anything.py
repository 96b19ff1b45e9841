"""Only texts at the top of the parameters are looked at for what a shell would make something of."""

ITEMS = ("AC9.5",)
SAYS = "to refuse the model's answer"

FILE = "agent/trm.py"
RIGHT = "return next((unsafe for part in parts if (unsafe := _unsafe(part)) is not None), None)"
WRONG = "return next((part for part in parts if isinstance(part, str) and not SAFE.fullmatch(part)), None)"
