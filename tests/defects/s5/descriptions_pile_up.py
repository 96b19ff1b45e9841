"""A ticket holds the descriptions of all tickets before it, too."""

ITEMS = ("S5.3",)
SAYS = "exactly one"
ALSO = ("AC5.2",)

FILE = "agent/report.py"
RIGHT = """
text = alert.annotations.get("description") or alert.annotations.get("summary") or ""
return [
"""
WRONG = """
text = alert.annotations.get("description") or alert.annotations.get("summary") or ""
_facts.__dict__.setdefault("described", []).append(text)
text = " ".join(_facts.described)
return [
"""
