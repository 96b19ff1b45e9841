"""An alert whose generatorURL is empty is refused as malformed."""

ITEMS = ("AC2.3",)
SAYS = "sent nothing"

FILE = "prometheus_events/notification.py"
RIGHT = "generatorURL: str"
WRONG = "generatorURL: NOT_EMPTY"
