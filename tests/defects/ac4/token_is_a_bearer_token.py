"""The token is sent as a bearer token."""

ITEMS = ("AC4.8",)
SAYS = "not Basic"

FILE = "agent/jira.py"
RIGHT = 'headers={"authorization": f"Basic {credentials}", "accept": "application/json"},'
WRONG = 'headers={"authorization": f"Bearer {token}", "accept": "application/json"},'
