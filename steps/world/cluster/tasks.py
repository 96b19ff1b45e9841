"""The background tasks of one owner."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Tasks:
    """Tasks that live no longer than their owner, and whose failures are not lost."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def spawn(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        """Starts the work on the running loop."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def check(self) -> None:
        """Raises what a task has failed with, if one has."""
        if self._failure is not None:
            raise self._failure

    async def idle(self) -> None:
        """Returns when none runs any more, and raises what a task has failed with."""
        while running := list(self._running):
            await asyncio.wait(running)
        self.check()

    async def close(self) -> None:
        """Cancels what still runs, waits until it is gone, and raises what a task has failed with."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self.check()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = self._failure or failure
