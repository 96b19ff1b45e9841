"""A pod is restarted by the name of its deployment."""

ITEMS = ("AC5.3",)
SAYS = "name"

FILE = "agent/remediation.py"
RIGHT = '"pod-restart": ("pod", "deployment"),'
WRONG = '"pod-restart": ("deployment", "pod"),'
