"""An answer that does not call itself an error is taken for a success."""

ITEMS = ("AC5.6",)
SAYS = "failed remediation"

FILE = "agent/functions.py"
RIGHT = 'if result.get("status") != "success":'
WRONG = 'if result.get("status") == "error":'
