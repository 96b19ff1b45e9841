"""The function that is chosen in the model's place is called without parameters."""

ITEMS = ("AC9.3",)
SAYS = "the call has no name"

FILE = "agent/choice.py"
RIGHT = "return None if missing(function, parameters) else Plan(function, parameters)"
WRONG = "return None if missing(function, parameters) else Plan(function, {})"
