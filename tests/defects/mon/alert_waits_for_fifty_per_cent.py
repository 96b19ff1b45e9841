"""The alert on the failure rate is raised above 50 %."""

ITEMS = ("MON2",)
SAYS = "to fire"

FILE = "reports/validation_rule.yaml"
RIGHT = "> 0.05"
WRONG = "> 0.5"
