"""Nobody is told on the issue how a remediation ended."""

ITEMS = ("AC3.2",)
SAYS = "ended"
ALSO = ("AC5.2",)

FILE = "agent/incidents.py"
RIGHT = """
logs.info("remediation succeeded", lambda_function=function, outcome=message)
incident.comment("remediation outcome", report.remediation_succeeded(function, message))
"""
WRONG = """
logs.info("remediation succeeded", lambda_function=function, outcome=message)
"""
