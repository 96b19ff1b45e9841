"""The model may scale a deployment without measure."""

ITEMS = ("AC9.5",)
SAYS = "to refuse the model's answer"

FILE = "agent/trm.py"
RIGHT = "not 1 <= replicas <= MOST_REPLICAS"
WRONG = "not 1 <= replicas"
