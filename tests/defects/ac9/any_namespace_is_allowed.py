"""The model may choose the namespace."""

ITEMS = ("AC9.5",)
SAYS = "to refuse the model's answer"

FILE = "agent/trm.py"
RIGHT = 'if "namespace" in parameters and parameters["namespace"] not in allowed:'
WRONG = 'if "namespace" in parameters and not parameters["namespace"]:'
