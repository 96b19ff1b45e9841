"""Each twentieth call of a function is not made."""

ITEMS = ("M1",)
SAYS = "nothing came of LambdaFunctions for"

FILE = "agent/functions.py"
RIGHT = """
headers, body = binary(event)
"""
WRONG = """
self.__dict__["made"] = self.__dict__.get("made", 0) + 1
if self.__dict__["made"] % 20 == 0:
    return "it was called"
headers, body = binary(event)
"""
