"""A LambdaFunction is called under another correlation id."""

ITEMS = ("AC2.4",)
SAYS = "to carry correlation id"

FILE = "agent/remediation.py"
RIGHT = '"correlationid": correlation_id,'
WRONG = '"correlationid": event_id,'
