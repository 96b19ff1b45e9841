"""The alert's namespace is not given to the function."""

ITEMS = ("AC5.3",)
SAYS = "namespace"

FILE = "agent/remediation.py"
RIGHT = 'if "namespace" not in filled and labels.get("namespace"):'
WRONG = 'if "namespace" in filled and not filled["namespace"]:'
