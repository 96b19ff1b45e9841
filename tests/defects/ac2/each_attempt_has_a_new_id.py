"""Each attempt to deliver an event gives it a new id."""

ITEMS = ("AC2.5",)
SAYS = "same event id"

FILE = "prometheus_events/delivery.py"
RIGHT = """
headers, body = structured(event)
"""
WRONG = """
fresh = {**event.attributes, "id": str(__import__("uuid").uuid4())}
headers, body = structured(CloudEvent(fresh, event.data))
"""
