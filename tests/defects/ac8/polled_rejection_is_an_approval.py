"""Whatever an application that does not call back has decided is an approval."""

ITEMS = ("AC8.5",)
SAYS = "without approval"

FILE = "agent/approval_application.py"
RIGHT = 'return Answer(question.id, decided == "approved", by, _time(status.get("timestamp")))'
WRONG = 'return Answer(question.id, bool(decided), by, _time(status.get("timestamp")))'
