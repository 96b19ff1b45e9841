"""A circuit breaker counts what a function answers, and neither connections that break nor time-outs."""

ITEMS = ("AC5.8",)
SAYS = "left alone"

FILE = "agent/functions.py"
RIGHT = """
except BaseException:  # a call that is cut off has not succeeded either
    breaker.leave(failed=True)
    raise
"""
WRONG = """
except BaseException as error:
    breaker.leave(failed=not isinstance(error.__cause__, httpx.RequestError | TimedOutError))
    raise
"""
