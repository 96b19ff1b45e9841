"""Alerts that come together share a variable: the last one's data is on all tickets."""

ITEMS = ("AC1.4",)
SAYS = "but there is none"
ALSO = ("AC3.1",)

FILE = "agent/incidents.py"
RIGHT = """
context = await self._inquiry.about(alert)
return report.alert_draft(incident_id, alert, correlation_id, context, self._grafana_url, related_id)
"""
WRONG = """
self._current = alert
context = await self._inquiry.about(alert)
return report.alert_draft(incident_id, self._current, correlation_id, context, self._grafana_url, related_id)
"""
