"""A broken connection to a function is nothing that was thought of."""

ITEMS = ("AC5.5",)
SAYS = "failed remediation"

FILE = "calls.py"
PROGRAM = "agent-sre"
RIGHT = "except httpx.RequestError as error:"
WRONG = "except httpx.TimeoutException as error:"
