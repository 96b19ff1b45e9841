"""The model may choose any pod, be it another alert's."""

ITEMS = ("AC9.5",)
SAYS = "to refuse the model's answer"

FILE = "agent/trm.py"
RIGHT = 'if "name" in parameters and parameters["name"] not in [*alert.labels.values()]:'
WRONG = 'if "name" in parameters and not parameters["name"]:'
