"""The issue links to the dashboard of all services."""

ITEMS = ("AC3.4",)
SAYS = "the SLO dashboard"

FILE = "agent/report.py"
RIGHT = "f\"{grafana_url}/d/slo-{quote(slo, safe='')}\""
WRONG = 'f"{grafana_url}/d/slo"'
