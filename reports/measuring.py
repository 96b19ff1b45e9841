"""Measuring: what steps have measured of the success metrics, kept as the run's benchmarks and as a chart at the step.

after_step(context, step):
    attach(context, step, [*observed.seen, *measuring.keep(observed.measured)])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from reports import benchmarks, charts, run
from reports.benchmarks import Benchmarks, Measure
from reports.run import Record


class Measurement(Protocol):
    """What a step has measured; see benchmarks.Measure. No text of it holds a credential."""

    @property
    def id(self) -> str: ...
    @property
    def integration(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """Measurements as evidence."""

    title: str
    content: str
    kind: Literal["svg", "json"]
    exchanges: tuple[int, ...] = ()


def keep(measured: Sequence[Measurement]) -> Iterator[Shown]:
    """Adds these to the run's benchmarks, and shows them: as a chart, and the numbers that it is drawn from."""
    if not measured or run.record is None:
        return
    measures = [Measure.model_validate(one, from_attributes=True) for one in measured]
    add(measures, run.record)
    shown = _benchmarks(measures, run.record)
    yield Shown("Chart", charts.drawing(shown.measures), "svg")
    yield Shown("Numbers", shown.model_dump_json(), "json")


def add(measures: Iterable[Measure], record: Record) -> None:
    """Adds these to the run's benchmarks. What a worker has measured its crew writes, which learns of it."""
    before = len(record.measures)
    record.measures += measures
    if record.part is None and len(record.measures) > before:
        _benchmarks(record.measures, record).write(record.latest)


def _benchmarks(measures: Sequence[Measure], record: Record) -> Benchmarks:
    """These measures of the run, beside those of the run before."""
    return Benchmarks(
        run=record.id,
        started=record.started,
        machine=run.machine(),
        versions=run.versions(),
        profile=run.facts.profile,
        measures=tuple(measures),
    ).compared(benchmarks.before(record.latest))
