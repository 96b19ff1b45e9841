"""An event names the rule that all alerts of its group come from, if there is one."""

ITEMS = ("AC2.3",)
SAYS = "prometheusRule"

FILE = "prometheus_events/notification.py"
RIGHT = 'alert.labels.get("prometheus_rule")'
WRONG = 'notification.commonLabels.get("prometheus_rule")'
