"""How a program is served: its doors' common parts, its start and its orderly end."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request

from steps.reference import logs
from steps.reference.settings import SettingsError

T = TypeVar("T")
BODY_LIMIT = 5 * 1024 * 1024
"""Bytes: larger requests are refused."""


async def read_body(request: Request) -> bytes | None:
    """The request's body, None when it is larger than BODY_LIMIT."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


class RateLimit:
    """How many requests a door takes: `burst` of them at once, `rate` a second in the long run (a token bucket)."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens: float = burst
        self._filled = clock()

    def wait(self) -> float:
        """Seconds until the door takes another request; 0 when it takes this one, which counts."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0


class Work:
    """Owner of what goes on beside the requests. When the program ends, what is unfinished is logged."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._tasks: dict[asyncio.Task[Any], str] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, what: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begins the work; an exception that escapes from it is logged here."""
        task = asyncio.create_task(self._watched(what, work))
        self._tasks[task] = what
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    async def outcome(self, task: asyncio.Task[T], within: float | None = None) -> T | None:
        """The work's result; None when time is up or the program ends first, and the work goes on."""
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({task, stopping}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        return task.result() if task.done() else None

    async def aclose(self) -> None:
        """Ends everything that still goes on."""
        unfinished = list(self._tasks)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _watched(self, what: str, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        except asyncio.CancelledError:
            logs.warning("the program ends before this is done", unfinished=what)
            raise
        except Exception:
            logs.crash(f"{what} failed unexpectedly")
            raise


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)


def run(name: str, default_port: int, make_app: Callable[[Mapping[str, str]], Starlette]) -> None:
    """Serves what `make_app` makes of the environment, until SIGTERM. Wrong settings: one line and exit 2."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--port", type=int, default=default_port)
    port = parser.parse_args().port
    logs.start()
    try:
        app = make_app(os.environ)
    except SettingsError as error:
        print(f"{name} cannot start: {error}.", file=sys.stderr)
        raise SystemExit(2) from None
    # uvicorn raises the signal again when it is done; being asked to end is no failure
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    config = uvicorn.Config(
        app, "0.0.0.0", port, log_config=None, access_log=False, ws="none", http="h11", timeout_graceful_shutdown=1
    )
    logs.info(f"{name} starts", port=port)
    server = _Server(config, app.state.work.stopping)
    server.run()
    logs.info(f"{name} ends")
    sys.exit(0 if server.started else 1)
