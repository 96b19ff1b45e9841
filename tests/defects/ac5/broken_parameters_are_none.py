"""Parameters that are not JSON are taken for none."""

ITEMS = ("AC5.3",)
SAYS = "failed remediation"

FILE = "agent/remediation.py"
RIGHT = 'raise RefusedError(f"The annotation lambda_parameters is not valid JSON: {error}.") from error'
WRONG = "parameters = {}"
