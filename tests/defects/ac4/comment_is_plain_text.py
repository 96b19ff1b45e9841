"""A comment is text, and no document."""

ITEMS = ("AC4.2",)
SAYS = "was started"

FILE = "agent/jira.py"
RIGHT = '{"body": document(sections, mark)}'
WRONG = '{"body": f"{sections[0].heading} {mark}"}'
