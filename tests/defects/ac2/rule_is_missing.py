"""An event does not name the alert's PrometheusRule."""

ITEMS = ("AC2.3",)
SAYS = "'prometheusRule'"

FILE = "prometheus_events/notification.py"
RIGHT = 'alert.labels.get("prometheus_rule")'
WRONG = 'alert.labels.get("prometheusRule")'
