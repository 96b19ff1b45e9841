"""Where all must approve, a place that is down is not asked again."""

ITEMS = ("AC8.6",)
SAYS = "but there is none"

FILE = "agent/approvals.py"
RIGHT = """
logs.error("approval could not be asked for and will be later", where=provider.name, error=str(error))
"""
WRONG = """
self._providers = [one for one in self._providers if one is not provider]
return
"""
