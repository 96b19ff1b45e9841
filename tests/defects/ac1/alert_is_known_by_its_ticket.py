"""An alert that is notified again before its ticket is there is another incident."""

ITEMS = ("AC1.5",)
SAYS = "exactly one open"

FILE = "agent/incidents.py"
RIGHT = """
asked: Asked = []
"""
WRONG = """
asked: Asked = []
if known and known.is_open and any(ticket._draft for ticket in known.tickets):
    known, alert = None, alert.model_copy(update={"starts_at": event["time"]})
"""
