"""Each try of a call carries an event of its own."""

ITEMS = ("AC5.7",)
SAYS = "same event id"

FILE = "agent/functions.py"
RIGHT = """
headers, body = binary(event)
"""
WRONG = """
fresh = {**event.attributes, "id": str(__import__("uuid").uuid4())}
headers, body = binary(CloudEvent(fresh, event.data, event.trace))
"""
