"""Of a pod's log streams, one for each container, only the first is read."""

ITEMS = ("AC6.2",)
SAYS = "are missing"
ALSO = ("AC6.3",)

FILE = "agent/observability.py"
RIGHT = 'stream in answer["data"]["result"] for entry'
WRONG = 'stream in answer["data"]["result"][:1] for entry'
