"""An alert that resolves closes the issues of all alerts."""

ITEMS = ("AC3.3",)
SAYS = "to stay open"

FILE = "agent/incidents.py"
RIGHT = """
return incident.close(event["id"], report.resolved(alert, correlation_id))
"""
WRONG = """
told = report.resolved(alert, correlation_id)
return [task for one in self._incidents.values() for task in one.close(event["id"], told)]
"""
