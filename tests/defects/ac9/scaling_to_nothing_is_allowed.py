"""The model may scale a deployment to nothing."""

ITEMS = ("AC9.5",)
SAYS = "to refuse the model's answer"

FILE = "agent/trm.py"
RIGHT = "not 1 <= replicas <= MOST_REPLICAS"
WRONG = "not 0 <= replicas <= MOST_REPLICAS"
