"""When one backend does not answer, the context of the others is lost, too."""

ITEMS = ("AC6.4",)
SAYS = "to have"

FILE = "agent/observability.py"
RIGHT = """
return Observations(sample, lines, failures)
"""
WRONG = """
if any(isinstance(told, Unavailable) for told in (sample, lines, failures)):
    sample = lines = failures = Unavailable("the observability stack does not answer in time")
return Observations(sample, lines, failures)
"""
