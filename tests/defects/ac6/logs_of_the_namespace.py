"""The ticket has the log lines of all pods of the namespace."""

ITEMS = ("AC6.2",)
SAYS = "line of another pod"

FILE = "agent/observability.py"
RIGHT = 'wanted = {"namespace": alert.labels.get("namespace"), "pod": pod}'
WRONG = 'wanted = {"namespace": alert.labels.get("namespace")}'
