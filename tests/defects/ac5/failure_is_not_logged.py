"""A remediation that fails is no matter for the log."""

ITEMS = ("AC5.5",)
SAYS = "reports an error"

FILE = "agent/incidents.py"
RIGHT = 'logs.error("remediation failed", lambda_function=function, error=str(error))'
WRONG = 'logs.info("remediation failed", lambda_function=function, error=str(error))'
