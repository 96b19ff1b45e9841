"""The labels are sent as one text with commas."""

ITEMS = ("AC4.5",)
SAYS = "to carry the labels"

FILE = "agent/jira.py"
RIGHT = '"labels": [LABEL, legal_label(draft.severity), _label_of(draft.id)],'
WRONG = '"labels": [",".join([LABEL, legal_label(draft.severity)]), _label_of(draft.id)],'
