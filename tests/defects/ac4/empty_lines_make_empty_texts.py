"""Each line of a text is a paragraph: an empty one makes an empty text node."""

ITEMS = ("AC4.1",)
SAYS = "but there is none"

FILE = "agent/adf.py"
RIGHT = """
if text := room.cut(section.text):
    yield _block(text)
"""
WRONG = """
if text := room.cut(section.text):
    yield from (_paragraph(_text(line)) for line in text.split("\\n"))
"""
