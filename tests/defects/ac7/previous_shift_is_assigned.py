"""The engineer of the shift before is assigned."""

ITEMS = ("AC7.5",)
SAYS = "to be assigned to"

FILE = "agent/oncall.py"
RIGHT = """
"since": began.isoformat(),
"until": (began + timedelta(seconds=1)).isoformat(),
"""
WRONG = """
"since": (began - timedelta(hours=2)).isoformat(),
"until": (began - timedelta(hours=2, seconds=-1)).isoformat(),
"""
