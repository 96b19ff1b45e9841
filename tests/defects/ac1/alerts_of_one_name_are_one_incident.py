"""Alerts are told apart by their name alone."""

ITEMS = ("AC1.4",)
SAYS = "but there is none"
ALSO = ("AC5.2",)

FILE = "agent/alert.py"
RIGHT = "return json.dumps(self.labels, sort_keys=True)"
WRONG = "return self.alertname"
