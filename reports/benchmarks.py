"""Benchmarks: what a run has measured of the ticket's success metrics, `benchmarks.json`.

The run's own steps hand it over when they have measured; here is what it looks like and what is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from reports.files import Entry, write_whole

NAME = "benchmarks.json"

HISTORY = Path("history") / NAME
"""Where the last run's file is kept once another run has begun, beside `latest`."""

Comparison = Literal["<", "<=", "=", ">=", ">"]


class Percentiles(Entry):
    """How a measure spreads, in its unit."""

    p50: float
    p95: float
    p99: float
    max: float


class Measure(Entry):
    """One success metric at one integration."""

    id: str
    """The ticket's item: "M2"."""
    title: str
    """What is measured, in the ticket's words: "Integration Latency"."""
    integration: str
    """Where: "agent-sre → Linear API"."""
    value: float
    unit: Literal["%", "s"]
    comparison: Comparison
    target: float
    passed: bool
    count: int
    """How many calls, events or recoveries it was measured on."""
    throughput: float | None = None
    """Of these, so many a second went well."""
    percentiles: Percentiles | None = None
    histogram: tuple[tuple[float, int], ...] = ()
    """Upper edge of each bucket, in the unit, and how many lie in it."""
    failures: tuple[str, ...] = ()
    """What did not go well, a sentence each."""
    before: float | None = None
    """The value of the last run before, if that was of the same profile on the same machine."""

    @property
    def holds(self) -> bool:
        """Whether the value keeps to the target."""
        match self.comparison:
            case "<":
                return self.value < self.target
            case "<=":
                return self.value <= self.target
            case "=":
                return self.value == self.target
            case ">=":
                return self.value >= self.target
            case ">":
                return self.value > self.target


class Benchmarks(Entry):
    """`benchmarks.json`."""

    run: str
    """Id of the run that measured."""
    started: datetime
    machine: str
    versions: dict[str, str]
    profile: str
    measures: tuple[Measure, ...]

    def of(self, item: str) -> list[Measure]:
        """What was measured of an item of the ticket."""
        return [measure for measure in self.measures if measure.id == item]

    def compared(self, before: Benchmarks | None) -> Benchmarks:
        """The same, with the values of the run before beside its own where the two can be compared."""
        if before is None or (before.machine, before.profile) != (self.machine, self.profile):
            return self
        values = {(one.id, one.integration): one.value for one in before.measures}
        measures = (one.model_copy(update={"before": values.get((one.id, one.integration))}) for one in self.measures)
        return self.model_copy(update={"measures": tuple(measures)})

    def write(self, latest: Path) -> None:
        """Writes the file beside the verdict."""
        write_whole(latest / NAME, self.model_dump_json(indent=1))


def joined(run: str, parts: Sequence[Benchmarks]) -> Benchmarks:
    """What the parts of a run have measured, as one."""
    measures = tuple(measure for part in parts for measure in part.measures)
    return parts[0].model_copy(update={"run": run, "measures": measures})


def load(latest: Path) -> Benchmarks | None:
    """What the run has measured; None when it has measured nothing that can be read."""
    return _read(latest / NAME)


def before(latest: Path) -> Benchmarks | None:
    """What the last run has measured that measured anything and is over."""
    return _read(latest.parent / HISTORY)


def make_history(latest: Path) -> None:
    """Keeps what the run has measured, because another one begins."""
    if (latest / NAME).is_file():
        write_whole(latest.parent / HISTORY, (latest / NAME).read_bytes())


def _read(file: Path) -> Benchmarks | None:
    try:
        return Benchmarks.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
