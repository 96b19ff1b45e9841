"""A LambdaFunction is called under the correlation id of the alert that came last, whichever it is called for."""

ITEMS = ("AC2.4",)
SAYS = "to carry correlation id"

FILE = "agent/incidents.py"
RIGHT = """
event = request(planned, event_id, incident.alert.alertname, incident.correlation_id, incident.trace)
"""
WRONG = """
latest = next(reversed(self._incidents.values()))
event = request(planned, event_id, incident.alert.alertname, latest.correlation_id, incident.trace)
"""
