"""The function is called without the parameters that the model gave."""

ITEMS = ("AC9.2",)
SAYS = "to be called with"

FILE = "agent/trm.py"
RIGHT = "parameters = filled_up(function, proposed.parameters, alert.labels)"
WRONG = "parameters = filled_up(function, {}, alert.labels)"
