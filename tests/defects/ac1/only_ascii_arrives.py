"""Letters beyond ASCII become question marks."""

ITEMS = ("AC1.2",)
SAYS = "Z?rich"

FILE = "events.py"
PROGRAM = "prometheus-events"
RIGHT = 'return {"content-type": STRUCTURED}, json.dumps(envelope, ensure_ascii=False).encode()'
WRONG = 'return {"content-type": STRUCTURED}, json.dumps(envelope, ensure_ascii=False).encode("ascii", "replace")'
