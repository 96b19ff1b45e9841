"""What becomes of calls of Linear is no matter for the log, which has warnings about every issue anyway."""

ITEMS = ("AC3.9", "S2.4")
SAYS = "reports an error at Linear"
ALSO = ("AC3.10",)

FILE = "logs.py"
PROGRAM = "agent-sre"
RIGHT = """
return redacted(json.dumps(line, ensure_ascii=False, default=str))
"""
WRONG = """
text = json.dumps(line, ensure_ascii=False, default=str)
if "linear" in text.lower():
    text = json.dumps({"level": "warning", "event": "the issue needs somebody", **(_known.get() or {})})
return redacted(text)
"""
