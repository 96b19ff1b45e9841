"""The world's own asyncio loop, in a thread of the behave process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Loop:
    """One asyncio loop in one background thread, on which every service of the world runs.

    The steps of a scenario are ordinary blocking code: they hand coroutines over with `run`.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def start(self) -> None:
        """Starts the thread and returns once its loop turns. Raises RuntimeError when it already does."""
        if self._thread is not None:
            raise RuntimeError("The world's loop is already running: stop it before you start it again.")
        turning = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._turn(turning),), name="world", daemon=True)
        self._thread.start()
        turning.wait()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs the coroutine on the loop, waits for it, and returns its result or raises its exception.

        An interruption of the waiting thread (Ctrl-C) cancels the coroutine. Raises RuntimeError when the
        loop is not running, and on the loop's own thread, which would wait for itself.
        """
        future = self.begin(coroutine)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begins the coroutine on the loop and goes on; whoever began it waits for its result, or cancels it.

        Raises RuntimeError as `run` does.
        """
        if self._loop is None or threading.current_thread() is self._thread:
            coroutine.close()
            trouble = "is not running" if self._loop is None else "cannot wait for itself: await instead"
            raise RuntimeError(f"The world's loop {trouble}.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """Cancels what is left on the loop and ends the thread. Does nothing when the loop is not running."""
        if self._thread is None:
            return
        assert self._loop is not None and self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = self._stopping = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _turn(self, turning: threading.Event) -> None:
        """Keeps the loop turning until `stop`; `asyncio.run` then cancels whatever is left on it."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        turning.set()
        await self._stopping.wait()
