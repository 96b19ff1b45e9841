"""An issue whose engineer Linear does not know is assigned to the owner of the API key."""

ITEMS = ("AC3.7",)
SAYS = "assigned to nobody"

FILE = "agent/linear.py"
RIGHT = 'logs.warning("the engineer on call has no account in Linear; the issue stays unassigned")'
WRONG = 'extras["assigneeId"] = (await self.call(VIEWER))["viewer"]["id"]'
