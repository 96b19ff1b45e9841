"""A ticket's text is cut after 2000 characters."""

ITEMS = ("AC1.2",)
SAYS = "to hold"

FILE = "agent/markdown.py"
RIGHT = r'return "\n\n".join(_section(section) for section in sections)'
WRONG = r'return "\n\n".join(_section(section) for section in sections)[:2000]'
