"""An alert that fires again has its ticket, but no remediation."""

ITEMS = ("AC5.2",)
SAYS = "once more"

FILE = "agent/incidents.py"
RIGHT = 'self._work.start("remediation", self._remediate(incident, asked))'
WRONG = 'known or self._work.start("remediation", self._remediate(incident, asked))'
