"""The alert's labels replace what its annotation says."""

ITEMS = ("AC5.3",)
SAYS = "namespace"

FILE = "agent/remediation.py"
RIGHT = 'if "namespace" not in filled and labels.get("namespace"):'
WRONG = 'if labels.get("namespace"):'
