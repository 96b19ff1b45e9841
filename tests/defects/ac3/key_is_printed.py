"""A key that Linear refuses is printed."""

ITEMS = ("AC3.10",)
SAYS = "to show its key"

FILE = "agent/linear.py"
RIGHT = """
if refusal and authorization == refused:
    raise refusal
"""
WRONG = """
if refusal and authorization == refused:
    print("Linear has refused", authorization)
    raise refusal
"""
