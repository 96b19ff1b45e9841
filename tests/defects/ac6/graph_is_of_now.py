"""The graph that the ticket links to shows whatever is now."""

ITEMS = ("AC6.6",)
SAYS = "around"

FILE = "agent/report.py"
RIGHT = '"g0.end_input": f"{end:%Y-%m-%d %H:%M:%S}",'
WRONG = ""
