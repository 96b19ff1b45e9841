"""The gauge of active remediations is always 0, also while some are under way."""

ITEMS = ("AC6.7",)
SAYS = "agent_sre_active_remediations"

FILE = "agent/metrics.py"
RIGHT = """
self.active = Gauge("agent_sre_active_remediations", "Remediations under way", registry=self.registry)
"""
WRONG = """
self.active = Gauge("agent_sre_active_remediations", "Remediations under way", registry=self.registry)
self.active.set_function(lambda: 0)
"""
