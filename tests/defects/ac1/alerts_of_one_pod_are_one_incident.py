"""Alerts are told apart by their name and pod alone."""

ITEMS = ("AC1.4", "AC3.3")
SAYS = "but there is none"

FILE = "agent/alert.py"
RIGHT = "return json.dumps(self.labels, sort_keys=True)"
WRONG = 'return json.dumps([self.alertname, self.labels.get("namespace"), self.labels.get("pod")])'
