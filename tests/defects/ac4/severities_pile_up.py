"""The Jira issue's labels are kept in one list, to which each alert adds its severity."""

ITEMS = ("AC4.5",)
SAYS = "and no other severity"

FILE = "agent/jira.py"
RIGHT = """
"labels": [LABEL, legal_label(draft.severity), _label_of(draft.id)],
"""
WRONG = """
"labels": [
    *dict.fromkeys(self.__dict__.setdefault("labels", [LABEL]).__iadd__([legal_label(draft.severity)])),
    _label_of(draft.id),
],
"""
