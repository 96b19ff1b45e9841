"""While the SLM service is away, the ticket says so and shows the last SLO data that it gave, whoever they are of."""

ITEMS = ("AC7.6",)
SAYS = "which is the"

FILE = "agent/report.py"
RIGHT = """
if context.unavailable:
    return [Section("SLM Context", text=f"Not available: {context.unavailable}")]
if context.objective is None:
    return []
return [Section("SLM Context", _objective(context.objective))]
"""
WRONG = """
if context.unavailable:
    kept = globals().get("_kept", {})
    return [Section("SLM Context", kept, f"Not available: {context.unavailable}; what was known last is shown.")]
if context.objective is None:
    return []
globals()["_kept"] = _objective(context.objective)
return [Section("SLM Context", globals()["_kept"])]
"""
