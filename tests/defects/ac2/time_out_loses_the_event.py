"""The converter logs that an attempt had no answer in time, and leaves it at that."""

ITEMS = ("AC2.5",)
SAYS = "none was taken"

FILE = "prometheus_events/delivery.py"
RIGHT = "check(await send(self._client, request, self._timeout))"
WRONG = """
from steps.reference.calls import TimedOutError
try:
    check(await send(self._client, request, self._timeout))
except TimedOutError as error:
    logs.error("no answer", error=str(error))
"""
