"""The description is text, and no document."""

ITEMS = ("AC4.1",)
SAYS = "but there is none"

FILE = "agent/jira.py"
RIGHT = '"description": document(draft.sections),'
WRONG = r'"description": "\n".join(section.text for section in draft.sections),'
