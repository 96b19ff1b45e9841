"""A value of several lines is left out of the document."""

ITEMS = ("AC4.5",)
SAYS = "label"

FILE = "agent/adf.py"
RIGHT = 'content = [_paragraph(_text(name, "strong")), _block(value)]'
WRONG = "return"
