"""The same alert from another Alertmanager, which tells another start, is another incident."""

ITEMS = ("AC1.5",)
SAYS = "but there are"

FILE = "agent/alert.py"
RIGHT = "return json.dumps(self.labels, sort_keys=True)"
WRONG = "return json.dumps([self.labels, self.starts_at], sort_keys=True)"
