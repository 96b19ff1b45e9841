"""A warning and a critical alert of one name about one pod are one incident: the second has no ticket."""

ITEMS = ("AC1.4",)
ALSO = ("AC1.5",)
SAYS = "but there is none"

FILE = "agent/alert.py"
RIGHT = "return json.dumps(self.labels, sort_keys=True)"
WRONG = 'return json.dumps({name: value for name, value in self.labels.items() if name != "severity"}, sort_keys=True)'
