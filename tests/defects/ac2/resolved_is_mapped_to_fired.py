"""The event of a resolved alert has the type of a fired one."""

ITEMS = ("AC2.2",)
SAYS = "io.homelab.prometheus.alert.resolved"

FILE = "prometheus_events/notification.py"
RIGHT = '"resolved": "io.homelab.prometheus.alert.resolved"'
WRONG = '"resolved": "io.homelab.prometheus.alert.fired"'
