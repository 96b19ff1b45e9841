"""An overspent error budget is shown as spent."""

ITEMS = ("AC7.3",)
SAYS = "as error budget remaining"

FILE = "agent/report.py"
RIGHT = '"Error budget remaining": objective.budget_remaining,'
WRONG = '"Error budget remaining": objective.budget_remaining and max(0, objective.budget_remaining),'
