"""What the time of a scenario goes into: the suite states it, so that nobody has to guess why a run takes so long."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Purpose = Literal["Prometheus", "agent", "dwell", "time-outs"]
"""Waiting for Prometheus or Alertmanager, for the agent's effects, to be sure that nothing comes, or until a time-out,
a cool-down or an outage is over."""


class Spent:
    """Seconds by purpose since the scenario began, and the CPU seconds of this process, its world's included."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A scenario begins."""
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._on: Purpose | None = None
        self._cpu = time.process_time()

    @contextmanager
    def on(self, purpose: Purpose) -> Iterator[None]:
        """Counts the time that this lasts; what it waits for within itself is spent on the same purpose."""
        if self._on:
            yield
            return
        began, self._on = time.monotonic(), purpose
        try:
            yield
        finally:
            self._seconds[purpose] += time.monotonic() - began
            self._on = None

    def seconds(self) -> dict[str, float]:
        """So much was spent on each purpose, and `CPU`."""
        return {**self._seconds, "CPU": time.process_time() - self._cpu}
