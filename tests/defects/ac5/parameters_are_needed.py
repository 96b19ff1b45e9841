"""An alert that names a function and no parameters is not remediated, though its labels have them all."""

ITEMS = ("AC5.3",)
SAYS = "to call a LambdaFunction"

FILE = "agent/remediation.py"
RIGHT = 'text = alert.annotations.get("lambda_parameters") or "{}"'
WRONG = 'text = alert.annotations["lambda_parameters"]'
