"""An alert whose annotations have changed, as a value in them does, is another incident."""

ITEMS = ("AC1.5",)
SAYS = "exactly one open"

FILE = "agent/alert.py"
RIGHT = "return json.dumps(self.labels, sort_keys=True)"
WRONG = "return json.dumps([self.labels, self.annotations], sort_keys=True)"
