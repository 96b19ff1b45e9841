"""The model is asked although the alert names its function."""

ITEMS = ("AC9.2",)
SAYS = "not to ask the model"

FILE = "agent/incidents.py"
RIGHT = """
if (function := function_of(alert)) is None:
    choice = await self._chooser.choose(alert)
"""
WRONG = """
function, asked = function_of(alert), await self._chooser.choose(alert)
if function is None:
    choice = asked
"""
