"""Between two shifts the engineer of the next one is assigned."""

ITEMS = ("AC7.5",)
SAYS = "assigned to nobody"

FILE = "agent/oncall.py"
RIGHT = "timedelta(seconds=1)"
WRONG = "timedelta(hours=12)"
