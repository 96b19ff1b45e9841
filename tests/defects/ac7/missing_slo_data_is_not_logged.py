"""That there is no SLO data is no matter for the log."""

ITEMS = ("AC7.6",)
SAYS = "reports an error"

FILE = "agent/context.py"
RIGHT = 'logs.error("SLM context is not available", error=str(failure))'
WRONG = 'logs.info("SLM context is not available", error=str(failure))'
