"""An answer with words around its JSON is not understood."""

ITEMS = ("AC9.2",)
SAYS = "but it called none"

FILE = "agent/trm.py"
RIGHT = r'for brace in re.finditer(r"\{", text):'
WRONG = r'for brace in re.finditer(r"^\{", text):'
