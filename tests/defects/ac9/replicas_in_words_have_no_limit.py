"""Replicas that the model gives as a text have no limit."""

ITEMS = ("AC9.5",)
SAYS = '"1000"'

FILE = "agent/trm.py"
RIGHT = "if type(replicas) is not int or not 1 <= replicas <= MOST_REPLICAS:"
WRONG = "if type(replicas) is int and not 1 <= replicas <= MOST_REPLICAS:"
