"""The alert on the failure rate is raised above 0.5 %."""

ITEMS = ("MON2",)
SAYS = "but it is"

FILE = "reports/validation_rule.yaml"
RIGHT = "> 0.05"
WRONG = "> 0.005"
