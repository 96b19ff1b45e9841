"""What running programs use of the machine."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

INTERVAL = 0.1
"""Seconds between two looks at a program."""
STRETCH = 1.0
"""Seconds between two looks at the machine."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A program and all its children at one moment."""

    cpu_seconds: float
    """Used since the program started."""
    memory: int
    """Bytes of resident memory."""
    files: int
    """Open file descriptors, sockets included."""
    threads: int


def usage_of(pid: int) -> Usage:
    """What the program with that process id uses now. Raises psutil.NoSuchProcess when it has ended."""
    main = psutil.Process(pid)
    found = [_one(main)]
    for child in main.children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            found.append(_one(child))
    return Usage(
        cpu_seconds=sum(one.cpu_seconds for one in found),
        memory=sum(one.memory for one in found),
        files=sum(one.files for one in found),
        threads=sum(one.threads for one in found),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How the machine's processors were used for a while, in per cent of all their time."""

    others: float
    """Taken by programs that are neither this one nor its children, or by another machine on the same hardware."""
    idle: float


ALONE = Share(others=0, idle=100)


class Machine:
    """How the machine's processors are used while it is entered, beside this program and its children."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float, float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="machine", daemon=True)

    def __enter__(self) -> Self:
        self._seen.append(_cpu_seconds())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def worst(self) -> Share:
        """How they were used in that stretch of `STRETCH` seconds in which others left this program the least.

        A moment of want is enough for a call to come too late, however idle the machine is on average.
        """
        return max(map(_share, self._seen, self._seen[1:]), key=lambda share: share.others - share.idle, default=ALONE)

    def _look(self) -> None:
        while not self._stopped.wait(STRETCH):
            self._seen.append(_cpu_seconds())
        if len(self._seen) > 1:
            self._seen.pop()  # the last stretch is rather longer than too short to tell anything
        self._seen.append(_cpu_seconds())


def _share(then: tuple[float, float, float], now: tuple[float, float, float]) -> Share:
    """How they were used between two looks."""
    busy, idle, own = (after - before for after, before in zip(now, then, strict=True))
    per_cent = 100 / max(busy + idle, 1e-9)
    return Share(others=max(0.0, busy - own) * per_cent, idle=max(0.0, idle) * per_cent)


def _cpu_seconds() -> tuple[float, float, float]:
    """Since the machine has started: busy, idle; and used by this program, its children and those that have ended."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    busy = sum(getattr(times, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq", "steal"))
    own, program = 0.0, psutil.Process()
    for process in (program, *program.children(recursive=True)):
        with suppress(psutil.Error):
            own += sum(process.cpu_times()[:4])
    return busy, idle, own


def _one(process: psutil.Process) -> Usage:
    with process.oneshot():
        times = process.cpu_times()
        return Usage(times.user + times.system, process.memory_info().rss, process.num_fds(), process.num_threads())


class Watch:
    """Looks at a program now and then, from a thread of its own, until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: list[tuple[float, Usage]] = [(time.monotonic(), usage_of(pid))]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="usage", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Looks a last time and ends."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._thread.join()

    @property
    def before(self) -> Usage:
        """The first look."""
        return self._seen[0][1]

    @property
    def after(self) -> Usage:
        """The last look so far."""
        return self._seen[-1][1]

    @property
    def peak(self) -> Usage:
        """The most of each that was seen."""
        seen = [usage for _, usage in self._seen]
        return Usage(
            cpu_seconds=self.after.cpu_seconds,
            memory=max(usage.memory for usage in seen),
            files=max(usage.files for usage in seen),
            threads=max(usage.threads for usage in seen),
        )

    @property
    def cpu_load(self) -> float:
        """Cores used on average over the watch: 1.0 is one core all the time."""
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last.cpu_seconds - first.cpu_seconds) / max(ended - began, INTERVAL)

    def _look(self) -> None:
        while True:
            last = self._stopped.wait(INTERVAL)
            try:
                self._seen.append((time.monotonic(), usage_of(self._pid)))
            except psutil.Error:
                return  # the program has ended, which others tell
            if last:
                return
