"""A program of the world as a child process."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from steps.world.processes import loopback
from steps.world.processes.channel import Channel, Refused, Spawned

POLL = 0.01
"""Seconds between two looks whether a program is ready."""


INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a judged program gets of the suite's own environment; the rest it is told (DESIGN, law 2)."""


def inherited() -> dict[str, str]:
    """The variables that a judged program inherits."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


class DidNotStart(RuntimeError):
    """A program could not be executed, ended at once, or did not get ready; one sentence says which."""


class Child:
    """One program under a keeper, made by :meth:`Keeper.spawn <steps.world.processes.keeper.Keeper.spawn>`.

    Its main process stands for it, as in a container: when that ends, what is left in its process group is
    killed. What has daemonised ends with the keeper. `running`, `exit_code` and `pid` may be read from any
    thread, the rest belongs to the loop.
    """

    def __init__(
        self,
        channel: Channel,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
    ) -> None:
        self.name = name
        self.log = log
        """Everything the program prints, over all its restarts; emptied when it passes 64 MB."""
        self._channel = channel
        self._argv, self._environment, self._directory = list(argv), dict(environment), directory
        self._spawned: Spawned | None = None
        self._log_start = 0

    @property
    def running(self) -> bool:
        return self._spawned is not None and not self._spawned.end.done()

    @property
    def exit_code(self) -> int | None:
        """Of the last run: None while it goes on, ``-signal`` when a signal ended it."""
        return self._spawned.end.result() if self._spawned and self._spawned.end.done() else None

    @property
    def pid(self) -> int:
        """Of the last run's main process."""
        assert self._spawned, "a child has run at least once"
        return self._spawned.pid

    async def start(self) -> None:
        """Run the program (again). Raises :class:`DidNotStart` when it cannot be executed."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already; stop it first, or restart it.")
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        try:
            self._spawned = await self._channel.spawn(
                self._argv, self._environment, str(self._directory), str(self.log)
            )
        except Refused as refusal:
            raise DidNotStart(f"{self.name} could not be started: {refusal}.") from None

    async def stop(self, grace: float = 2.0) -> None:
        """Ask it to end, and kill it after `grace` seconds. Nothing happens when it has ended."""
        if self.running:
            await self._end(signal.SIGTERM, within=grace)
        if self.running:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as ``kill -9`` does."""
        if self.running:
            await self._end(signal.SIGKILL, within=None)

    async def restart(self, grace: float = 2.0) -> None:
        await self.stop(grace)
        await self.start()

    async def wait(self) -> int:
        """Wait until it has ended; its exit code."""
        assert self._spawned, "a child has run at least once"
        return await asyncio.shield(self._spawned.end)

    async def wait_ready(self, check: str | Callable[[], Awaitable[bool]], within: float) -> None:
        """Wait until `check` holds: a URL that answers 2xx, or a coroutine function that returns True.

        Raises :class:`DidNotStart`, with the last line of the log, when the program ends first or `within`
        seconds pass.
        """
        assert self._spawned, "a child has run at least once"
        began = time.monotonic()
        ready = asyncio.create_task(_until(check), name=f"{self.name} ready")
        try:
            either: set[asyncio.Future[Any]] = {ready, self._spawned.end}
            await asyncio.wait(either, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                return ready.result()
        finally:
            ready.cancel()
        if self.running:
            raise DidNotStart(f"{self.name} was not ready within {within:g} s; {self._last_words()}.")
        after = time.monotonic() - began
        raise DidNotStart(
            f"{self.name} ended after {after:.1f} s with exit code {self.exit_code}; {self._last_words()}."
        )

    def output(self) -> str:
        """What the last run has printed so far."""
        with self.log.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(self._log_start if self._log_start <= size else 0)
            return log.read().decode(errors="replace")

    def whole_output(self, since: int = 0) -> str:
        """What all runs have printed so far, but for the first bytes of it."""
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    async def _end(self, which: signal.Signals, within: float | None) -> None:
        assert self._spawned
        await self._channel.signal(self._spawned, which)
        await asyncio.wait({self._spawned.end}, timeout=within)

    def _last_words(self) -> str:
        lines = self.output().split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"the last line of its log is: {last}" if last else "its log is empty"


async def _until(check: str | Callable[[], Awaitable[bool]]) -> None:
    async with loopback.client() as client:

        async def answers() -> bool:
            try:
                return (await client.get(str(check))).is_success
            except httpx.TransportError:
                return False

        holds = answers if isinstance(check, str) else check
        while not await holds():  # noqa: ASYNC110 -- another process cannot set an event of ours
            await asyncio.sleep(POLL)
