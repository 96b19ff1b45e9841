"""Each tenth call of a function is made three seconds late."""

ITEMS = ("M2",)
SAYS = "LambdaFunctions in less than 2 s, but it was there after 3."

FILE = "agent/functions.py"
RIGHT = """
headers, body = binary(event)
"""
WRONG = """
self.__dict__["made"] = self.__dict__.get("made", 0) + 1
if self.__dict__["made"] % 10 == 0:
    await __import__("asyncio").sleep(3)
headers, body = binary(event)
"""
