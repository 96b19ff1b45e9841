"""Functions that are called together get the parameters of the last one."""

ITEMS = ("S5.2",)
SAYS = "to call"
ALSO = ("AC5.2",)

FILE = "agent/functions.py"
RIGHT = """
headers, body = binary(event)
"""
WRONG = """
self.latest = event.data
await __import__("asyncio").sleep(0.3)
headers, body = binary(CloudEvent(event.attributes, self.latest, event.trace))
"""
