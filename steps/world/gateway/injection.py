"""A fault in force at a host."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from steps.world.gateway.faults import CallFault, Fault, Forward
from steps.world.gateway.messages import Request
from steps.world.journal import Journal


class Injection:
    """A fault put in force at a host. Also a context manager that lifts it.

    `hits` counts the calls and connections that it acted on; `lifted_at` is the journal's time when it went
    out of force, by `lift` or because its `times` were used up, and None before.
    """

    def __init__(self, host: str, fault: Fault, journal: Journal, on_lift: Callable[[Injection], None]) -> None:
        self.host = host
        self.fault = fault
        self.hits = 0
        self.lifted_at: float | None = None
        self.lifted = asyncio.Event()
        """Set on the gateway's loop, for the calls that wait for the lifting."""
        self._journal = journal
        self._mark = journal.mark("fault", fault.name, host=host)
        self._on_lift = on_lift
        self._lock = threading.Lock()

    def lift(self) -> None:
        """Ends the fault, from any thread; when this returns it acts no more. Hanging calls are reset."""
        self._expire()
        self._on_lift(self)

    def concerns(self, request: Request) -> bool:
        """Whether the fault acts on this call."""
        fault = self.fault
        if not isinstance(fault, CallFault) or not covers(self.host, request.host):
            return False
        return fault.matching is None or fault.matching(request)

    async def act(self, forward: Forward) -> httpx.Response:
        """Acts on a call; see CallFault.act."""
        assert isinstance(self.fault, CallFault)
        self.hit()
        if self.hits == self.fault.times:
            self._expire()
        return await self.fault.act(forward, self.lifted)

    def hit(self) -> None:
        """Counts a call or connection on which the fault acts."""
        self.hits += 1

    def _expire(self) -> None:
        with self._lock:
            if self.lifted_at is None:
                self.lifted_at = self._journal.cursor()
                self._mark.close(self.lifted_at)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lift()


def covers(pattern: str, host: str) -> bool:
    """Whether a host name is the pattern, or lies under it when it is `*.suffix`."""
    return pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))
