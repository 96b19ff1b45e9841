"""When the model does not help, nothing is done."""

ITEMS = ("AC9.3",)
SAYS = "but it called none"

FILE = "agent/choice.py"
RIGHT = "choice = Choice(by_rules(alert), fallback=str(error))"
WRONG = "choice = Choice(None, fallback=str(error))"
