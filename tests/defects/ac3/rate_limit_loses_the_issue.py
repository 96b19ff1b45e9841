"""An issue that meets the rate limit is given up."""

ITEMS = ("AC3.8",)
SAYS = "but there is none"

FILE = "agent/linear.py"
RIGHT = """
except _RateLimitedError:
    self._heed_limits(response, limited=True)
"""
WRONG = """
except _RateLimitedError as error:
    self._heed_limits(response, limited=True)
    raise RefusedError(str(error)) from error
"""
