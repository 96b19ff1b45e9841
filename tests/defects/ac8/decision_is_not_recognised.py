"""The decision of an application that does not call back is not recognised."""

ITEMS = ("AC8.2",)
SAYS = "but it called none"

FILE = "agent/approval_application.py"
RIGHT = 'in ("approved", "rejected"):'
WRONG = 'in ("approve", "reject"):'
