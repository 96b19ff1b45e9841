"""Load that can be believed: arrivals on a schedule that no answer holds up, and what the sender itself can do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hdrh.histogram import HdrHistogram
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal

MICROSECONDS = 10**6
LONGEST = 3600
"""Seconds: the longest latency that a histogram tells from a longer one."""
DIGITS = 3
"""Significant digits of a histogram's values."""

AT_ONCE = 32
SINK = "sink.acceptance.svc"

Action = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One action of a schedule. Times are epoch seconds on one monotonic clock."""

    due: float
    """When it had to begin: latencies count from here, however late the sender was (no coordinated omission)."""
    began: float
    ended: float
    error: str | None

    @property
    def slip(self) -> float:
        """Seconds by which the sender was late."""
        return self.began - self.due


async def open_loop(actions: Sequence[Action], rate: float, clock: Callable[[], float] = time.time) -> list[Arrival]:
    """Begins `rate` actions a second, evenly, and none of them waits for another; returns when all have ended."""
    loop = asyncio.get_running_loop()
    start, offset = loop.time(), clock() - loop.time()
    tasks = []
    for number, action in enumerate(actions):
        due = start + number / rate
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(_arrive(action, due, offset)))
    return list(await asyncio.gather(*tasks))


async def _arrive(action: Action, due: float, offset: float) -> Arrival:
    loop = asyncio.get_running_loop()
    began, error = loop.time(), None
    try:
        await action()
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    return Arrival(due + offset, began + offset, loop.time() + offset, error)


class Latencies:
    """Seconds, in an HdrHistogram: every percentile is exact to three digits, whatever the number of values."""

    def __init__(self, seconds: Sequence[float] = ()) -> None:
        self.histogram = HdrHistogram(1, LONGEST * MICROSECONDS, DIGITS)
        self.values: list[float] = []
        for value in seconds:
            self.add(value)

    def add(self, seconds: float) -> None:
        """One more value; what is below a microsecond counts as one."""
        self.values.append(seconds)
        self.histogram.record_value(max(1, round(seconds * MICROSECONDS)))

    def at(self, percentile: float) -> float:
        """The value that so many per cent do not exceed."""
        return float(self.histogram.get_value_at_percentile(percentile)) / MICROSECONDS

    def __len__(self) -> int:
        return len(self.values)

    @property
    def greatest(self) -> float:
        """The greatest value; 0 without any."""
        return max(self.values, default=0.0)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a sender kept its schedule."""

    rate: float
    """Arrivals a second that were asked for."""
    reached: float
    """Arrivals a second that began."""
    slip: Latencies

    @classmethod
    def of(cls, arrivals: Sequence[Arrival], rate: float) -> Keeping:
        """How the schedule of these arrivals was kept."""
        lasted = arrivals[-1].began - arrivals[0].due + 1 / rate
        return cls(rate, len(arrivals) / lasted, Latencies([arrival.slip for arrival in arrivals]))

    def late(self, most: float) -> bool:
        """Whether one of twenty arrivals was later than so many seconds: as many as a P95 leaves out are."""
        return self.slip.at(95) > most


async def capacity(action: Action, count: int = 500) -> float:
    """So many actions a second the sender gets done at the most, with `AT_ONCE` of them under way."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turn:
            await action()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - began)


async def harness_capacity(authority: Authority) -> float:
    """So many calls a second reach a sink that does nothing, by a gateway like the world's and on the same loop."""

    async def sink(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(status_code=202)(scope, receive, send)

    async with Gateway(Journal(), authority) as gateway, gateway.client("load") as client:
        gateway.route(SINK, "sink", sink)
        return await capacity(lambda: client.post(f"http://{SINK}/", content=b"{}"), count=250)
