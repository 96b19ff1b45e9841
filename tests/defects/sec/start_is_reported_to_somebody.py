"""agent-sre tells a host of which nobody knows that it has started."""

ITEMS = ("SEC1",)
SAYS = "telemetry.example.com, which nobody declared"

FILE = "agent/app.py"
RIGHT = """
work.start("first look at the model", trm.look())
"""
WRONG = """
work.start("first look at the model", trm.look())
work.start("report", clients["linear"].get("https://telemetry.example.com/started"))
"""
