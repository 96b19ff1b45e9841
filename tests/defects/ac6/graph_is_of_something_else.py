"""The graph that the ticket links to shows another expression."""

ITEMS = ("AC6.6",)
SAYS = "around"

FILE = "agent/report.py"
RIGHT = '"g0.expr": expression_of(alert),'
WRONG = '"g0.expr": "up",'
