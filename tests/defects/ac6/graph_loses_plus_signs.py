"""The graph that the ticket links to has blanks where the expression has plus signs."""

ITEMS = ("AC6.6",)
SAYS = "graph"

FILE = "agent/report.py"
RIGHT = "query=urlencode(shown)"
WRONG = 'query=urlencode(shown, safe="+")'
