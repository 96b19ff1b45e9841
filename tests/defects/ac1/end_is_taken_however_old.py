"""The end of an alert is taken as often as it is told, and whenever it was; only its beginning is known again."""

ITEMS = ("AC1.5",)
SAYS = "open Linear issue"

FILE = "agent/app.py"
RIGHT = "duplicate = identity in self._taken"
WRONG = """
timeless = {name: value for name, value in event.attributes.items() if name != "time"}
event = replace(event, attributes=timeless) if alert.status == "resolved" else event
duplicate = alert.status != "resolved" and identity in self._taken
"""
