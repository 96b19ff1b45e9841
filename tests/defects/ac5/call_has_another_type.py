"""A function is called with an event of another type."""

ITEMS = ("AC5.2",)
SAYS = "type"

FILE = "agent/remediation.py"
RIGHT = '"type": TYPE,'
WRONG = '"type": TYPE.replace("remediation", "lambda"),'
