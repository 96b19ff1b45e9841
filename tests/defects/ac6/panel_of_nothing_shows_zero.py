"""A panel asks for a metric that the agent calls otherwise, and shows zero for ever."""

ITEMS = ("AC6.6",)
SAYS = "which agent-sre does not have"
ALSO = ("AC9.3",)

FILE = "agent/metrics.py"
RIGHT = '"agent_sre_trm_fallback"'
WRONG = '"agent_sre_model_fallback"'
