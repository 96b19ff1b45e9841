"""A function that does not exist is taken for the one whose name it begins with."""

ITEMS = ("AC9.5",)
SAYS = "to refuse the model's answer"

FILE = "agent/trm.py"
RIGHT = "function = proposed.lambda_function"
WRONG = "function = next((one for one in NEEDED if proposed.lambda_function.startswith(one)), proposed.lambda_function)"
