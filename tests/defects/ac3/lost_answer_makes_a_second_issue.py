"""An issue has no id of the agent's, so that a repeated call opens another one."""

ITEMS = ("AC3.9",)
SAYS = "exactly one"
ALSO = ("AC5.2",)

FILE = "agent/linear.py"
RIGHT = """
"id": draft.id,
"title": draft.title,
"""
WRONG = """
"title": draft.title,
"""
