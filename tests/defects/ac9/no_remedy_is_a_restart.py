"""Where the model knows no remedy, the pod is restarted."""

ITEMS = ("AC9.2",)
SAYS = "to call no function"

FILE = "agent/trm.py"
RIGHT = """
if function == NONE:
    return None
"""
WRONG = """
if function == NONE:
    function = "pod-restart"
"""
