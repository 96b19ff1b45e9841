"""The engineer is assigned who is on call now, and not when the alert began."""

ITEMS = ("AC7.5",)
SAYS = "to be assigned to"

FILE = "agent/oncall.py"
RIGHT = "began = parse_time(at)"
WRONG = 'began = __import__("datetime").datetime.now(parse_time(at).tzinfo)'
