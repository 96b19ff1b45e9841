"""Whether the world keeps up with the programs in it.

Where the machine is too busy for it, the world's loop stands still, and with it every answer. A program whose time-out
is over meanwhile has met no fault that anybody brought about, and is not to blame for what it does then; nor is it for
a call that the world takes note of only afterwards. While the world is at work itself, as in a flood that nobody turns
away, it does not stand still.
"""

from __future__ import annotations

import asyncio
import gc
import math
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from steps.world.journal import Exchange, Journal

STANDSTILL = "standstill"
"""The kind of mark that tells of one."""
BEAT = 0.05
"""Seconds between two looks at the clock."""
BEARABLE = 0.5
"""Seconds without a processor, or without an answer of Prometheus, that nobody minds: half of a short time-out."""
PROMETHEUS = "prometheus"
"""The one program among the systems around agent-sre: it answers within milliseconds, unless it gets no processor."""


@asynccontextmanager
async def standstills_noted(journal: Journal) -> AsyncIterator[None]:
    """Marks in the journal when the loop gets no processor for longer than is bearable, while this is entered."""
    watch = asyncio.create_task(_watch(journal), name="watch for standstills")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def held_up(journal: Journal, calls: Iterable[Exchange], since: float) -> str:
    """What to say of the first of these calls that the world held up, or Prometheus until its caller gave it up.

    Empty if there was none. A call may have been given up although it was answered, just before the answer came; and
    one that begins after a standstill may have waited for its end.
    A call that met a fault was held up by that.
    """
    calls = [call for call in calls if not call.fault and not call.is_watch]
    for call in calls:
        if call.callee == PROMETHEUS and call.status is None and call.ended - call.began >= BEARABLE:
            return f"Prometheus did not answer for {call.ended - call.began:.1f} s, and {call.caller} gave up its call"
    for mark in journal.marks(since, kind=STANDSTILL):
        until = math.inf if mark.until is None else mark.until
        for call in calls:
            if call.began <= until + BEARABLE and call.ended >= mark.at:
                return f"{mark.text} and held up {call.caller}'s call to {call.callee}"
    return ""


async def _watch(journal: Journal) -> None:
    while True:
        began, used = journal.cursor(), time.process_time()
        await asyncio.sleep(BEAT)
        idle = journal.cursor() - began - BEAT - (time.process_time() - used)
        if idle >= BEARABLE:
            journal.mark(STANDSTILL, f"the world stood still for {idle:.1f} s", at=began).close()


def spare_what_lasts() -> None:
    """Collects the garbage now, and whatever lasts until the end is never looked through again.

    The journal of a whole run takes half a second to look through, in which nothing else of this process runs.
    """
    gc.collect()
    gc.freeze()
