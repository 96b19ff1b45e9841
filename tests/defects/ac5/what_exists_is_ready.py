"""A function that exists is taken to be ready."""

ITEMS = ("AC5.1",)
SAYS = "to call no function"

FILE = "agent/kubernetes.py"
RIGHT = 'return status.get("phase") == "Ready" and service.get("ready") is not False'
WRONG = 'return bool(status) and service.get("ready") is not False'
