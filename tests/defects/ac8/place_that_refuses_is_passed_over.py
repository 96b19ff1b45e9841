"""Where all must approve, a place that refuses the request for good is not needed any more."""

ITEMS = ("AC8.6",)
SAYS = "without approval"

FILE = "agent/approvals.py"
RIGHT = """
logs.error("approval cannot be asked for", where=provider.name, error=str(error))
return
"""
WRONG = """
logs.error("approval cannot be asked for", where=provider.name, error=str(error))
self._providers = [one for one in self._providers if one is not provider]
return
"""
