"""Measuring: what steps have measured of the success metrics, kept as the run's benchmarks and as a chart at the step.

after_step(context, step):
    attach(context, step, [*observed.seen, *measuring.keep(observed.measured)])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from reports import benchmarks, charts, run
from reports.benchmarks import Benchmarks, Measure


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
    """Writes `benchmarks.json` anew with these, and shows them: as a chart, and the numbers that it is drawn from."""
    if not measured or run.record is None:
        return
    record = run.record
    record.measures += [Measure.model_validate(one, from_attributes=True) for one in measured]
    told = Benchmarks(
        run=record.id,
        started=record.started,
        machine=run.machine(),
        versions=run.versions(),
        profile=run.facts.profile,
        measures=tuple(record.measures),
    ).compared(benchmarks.before(record.latest))
    told.write(record.latest)
    shown = told.model_copy(update={"measures": told.measures[-len(measured) :]})
    yield Shown("Chart", charts.drawing(shown.measures), "svg")
    yield Shown("Numbers", shown.model_dump_json(), "json")
