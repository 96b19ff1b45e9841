"""A remediation that fails is told, and not logged."""

ITEMS = ("S3.5",)
SAYS = "reports an error"

FILE = "agent/incidents.py"
RIGHT = 'logs.error("remediation failed", lambda_function=function, error=str(error))'
WRONG = "pass"
