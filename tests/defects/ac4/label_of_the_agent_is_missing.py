"""An issue does not carry the label agent-sre."""

ITEMS = ("AC4.5",)
SAYS = "agent-sre"

FILE = "agent/jira.py"
RIGHT = '"labels": [LABEL, legal_label(draft.severity), _label_of(draft.id)],'
WRONG = '"labels": [legal_label(draft.severity), _label_of(draft.id)],'
