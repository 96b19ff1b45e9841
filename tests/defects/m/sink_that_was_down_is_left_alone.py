"""When the sink has taken no event for three seconds, prometheus-events leaves it alone for a minute."""

ITEMS = ("M3",)
SAYS = "after the broker was back"

FILE = "prometheus_events/delivery.py"
RIGHT = """
check(await send(self._client, request, self._timeout))
"""
WRONG = """
from steps.reference.calls import TransientError

now = asyncio.get_running_loop().time()
if now < self.__dict__.get("given_up", 0):
    raise TransientError("The sink is left alone.")
try:
    check(await send(self._client, request, self._timeout))
except TransientError:
    if now - self.__dict__.setdefault("failing", now) > 3:
        self.__dict__["given_up"] = now + 60
    raise
self.__dict__.pop("failing", None)
"""
