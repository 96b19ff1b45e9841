"""An alert that is notified again while it waits for approval has another request, which counts as well."""

ITEMS = ("AC8.3",)
SAYS = "called it 2 times"

FILE = "agent/incidents.py"
RIGHT = """
asked = known.comment(event["id"], report.repeated(alert, correlation_id))
"""
WRONG = """
asked = known.comment(event["id"], report.repeated(alert, correlation_id))
if self._approvals and self._metrics.active._value.get():
    again = Incident(event["id"], alert, correlation_id, known.trace, known.tickets, known.changed)
    self._work.start("remediation", self._remediate(again, asked))
"""
