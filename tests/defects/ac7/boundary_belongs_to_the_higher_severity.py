"""The ticket names the severity of a burn rate on the highest boundary as a critical one, at the right priority."""

ITEMS = ("AC7.4",)
SAYS = "'SLM severity"

FILE = "agent/report.py"
RIGHT = """
return {"SLO": objective.name, **shown, "Violation severity": objective.violation or "no data"}
"""
WRONG = """
severity = "critical" if (objective.burn_rate or 0) >= 0.05 else objective.violation or "no data"
return {"SLO": objective.name, **shown, "SLM severity": severity}
"""
