"""The issue's labels are kept in one list, to which each alert adds its severity."""

ITEMS = ("AC3.6",)
SAYS = "and no other severity"

FILE = "agent/linear.py"
RIGHT = "names = [LABEL, draft.severity]"
WRONG = 'names = [*dict.fromkeys(self.__dict__.setdefault("names", [LABEL]).__iadd__([draft.severity]))]'
