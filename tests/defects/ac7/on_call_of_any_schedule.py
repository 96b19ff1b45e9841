"""The on-call service is asked for all schedules, and the first engineer is taken."""

ITEMS = ("AC7.5", "AC3.7")
SAYS = "grace"

FILE = "agent/oncall.py"
RIGHT = """
"schedule_ids[]": self._schedule,
"include[]": "users",
"""
WRONG = '"include[]": "users",'
