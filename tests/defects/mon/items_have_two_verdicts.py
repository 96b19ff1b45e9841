"""The verdict on an item is added to the one that it had before."""

ITEMS = ("MON1",)
SAYS = "the ticket's items"

FILE = "reports/metrics.py"
RIGHT = "self.items.labels(item.id, item.criterion_id, status).set(item.status is status)"
WRONG = "self.items.labels(item.id, item.criterion_id, status).inc()"
