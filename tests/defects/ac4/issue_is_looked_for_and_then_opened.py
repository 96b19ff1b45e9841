"""An alert that is notified again before its Jira issue is there has two: both times it is looked for in vain."""

ITEMS = ("AC4.1",)
SAYS = "exactly one Jira issue"

FILE = "agent/incidents.py"
RIGHT = """
asked = known.comment(event["id"], report.repeated(alert, correlation_id))
"""
WRONG = """
asked = known.comment(event["id"], report.repeated(alert, correlation_id))
if draft := known.tickets[-1]._draft:
    asked.append(Ticket(self._trackers[-1], self._work, known.id, draft, self._later).open())
"""
