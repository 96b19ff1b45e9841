"""The agent calls a metric otherwise than its dashboard does."""

ITEMS = ("AC6.6",)
SAYS = "the panel"

FILE = "agent/metrics.py"
RIGHT = '"agent_sre_remediation_duration_seconds"'
WRONG = '"agent_sre_remediation_time_seconds"'
