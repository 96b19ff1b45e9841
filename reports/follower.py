"""Formatters that follow a run: behave tells them what begins, and they tell what has ended."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from behave.formatter.base import Formatter

from reports import run
from reports.judge import verdict_on


class Follower(Formatter):  # type: ignore[misc]
    """Tells what its kind does about each scenario that begins, tries a step, and has ended.

    behave tells nobody that a scenario has ended; the next thing that begins does.
    """

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        assert run.record, f"{type(self).__name__} needs reports.runner:AcceptanceRunner."
        self.record = run.record
        self._running: Any = None
        self._upcoming: list[Any] = []

    def began(self, scenario: Any) -> None:
        """A scenario of behave's model begins."""

    def trying(self, scenario: Any, step: Any) -> None:
        """One of its steps begins."""

    def ended(self, scenario: Any) -> None:
        """It is over, its clean-up included."""

    # -- what behave tells

    def scenario(self, scenario: Any) -> None:
        self._end()
        self._running, self._upcoming = scenario, []
        self.began(scenario)

    def step(self, step: Any) -> None:
        self._upcoming.append(step)

    def match(self, match: Any) -> None:
        self.trying(self._running, self._upcoming.pop(0))

    def rule(self, rule: Any) -> None:
        self._end()

    def rule_finished(self) -> None:
        self._end()

    def eof(self) -> None:
        self._end()

    def close(self) -> None:
        self._end()
        super().close()

    def _end(self) -> None:
        if self._running:
            scenario, self._running = self._running, None
            self.ended(scenario)


class Recorder(Follower):
    """Notes when each scenario runs, and counts it for Prometheus."""

    def began(self, scenario: Any) -> None:
        self.record.began[id(scenario)] = (datetime.now(UTC), time.monotonic())

    def trying(self, scenario: Any, step: Any) -> None:
        self.record.steps_began[id(step)] = datetime.now(UTC)

    def ended(self, scenario: Any) -> None:
        self.record.durations[id(scenario)] = time.monotonic() - self.record.began[id(scenario)][1]
        self.record.metrics.add(verdict_on(scenario, self.record))
