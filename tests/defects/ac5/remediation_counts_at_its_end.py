"""That an alert is remediated is noted at the end: a notification before that has the function called again."""

ITEMS = ("AC5.2",)
SAYS = "exactly once"

FILE = "agent/incidents.py"
RIGHT = """
asked = known.comment(event["id"], report.repeated(alert, correlation_id))
"""
WRONG = """
asked = known.comment(event["id"], report.repeated(alert, correlation_id))
if self._metrics.active._value.get():
    self._work.start("remediation", self._remediate(known, asked))
"""
