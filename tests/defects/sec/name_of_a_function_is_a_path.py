"""The name of a function stands in the path of its look-up as it comes."""

ITEMS = ("SEC7",)
SAYS = "asked the Kubernetes API for /api/v1/namespaces/ai/secrets"

FILE = "agent/remediation.py"
RIGHT = "if not NAME.fullmatch(function):"
WRONG = "if not function:"
