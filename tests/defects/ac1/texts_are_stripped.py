"""White space around the values of labels and annotations is taken away."""

ITEMS = ("AC1.2",)
SAYS = "annotation 'note'"

FILE = "prometheus_events/notification.py"
RIGHT = "model_config = ConfigDict(frozen=True)"
WRONG = "model_config = ConfigDict(frozen=True, str_strip_whitespace=True)"
