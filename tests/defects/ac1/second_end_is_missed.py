"""An alert that fires again is still known by its first time, so that its second end is missed."""

ITEMS = ("AC1.3",)
SAYS = "to be open any more"

FILE = "agent/incidents.py"
RIGHT = r"""
self._incidents.pop(alert.identity, None)
self._incidents[alert.identity] = incident
"""
WRONG = r"""
self._incidents.setdefault(alert.identity, incident)
"""
