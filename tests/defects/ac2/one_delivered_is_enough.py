"""A notification of which one event was delivered is answered 200, whatever became of the others."""

ITEMS = ("AC2.5",)
SAYS = "none was taken"

FILE = "prometheus_events/app.py"
RIGHT = "return all(await"
WRONG = "return any(await"
