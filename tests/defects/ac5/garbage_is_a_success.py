"""An answer that is no object is taken for a success."""

ITEMS = ("AC5.6",)
SAYS = "failed remediation"

FILE = "agent/functions.py"
RIGHT = 'raise ValueError("it is no JSON object")'
WRONG = 'return {"status": "success"}'
