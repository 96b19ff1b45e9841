"""Whatever a function answers without an error code is a success."""

ITEMS = ("AC5.6",)
SAYS = "failed remediation"

FILE = "agent/functions.py"
RIGHT = 'if result.get("status") != "success":'
WRONG = "if not result:"
