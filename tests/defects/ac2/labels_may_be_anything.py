"""A label that is not text is made text."""

ITEMS = ("AC2.3",)
SAYS = "refused with 4xx"

FILE = "prometheus_events/notification.py"
RIGHT = "model_config = ConfigDict(frozen=True)"
WRONG = "model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)"
