"""Measurements: what a step has measured of one of the ticket's success metrics; the environment hands them over."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from steps.drivers.load import Latencies

Metric = Literal["M1", "M2", "M3", "M4", "M5"]
Comparison = Literal["<", "<=", "=", ">=", ">"]

TITLES: dict[Metric, str] = {
    "M1": "Integration Success Rate",
    "M2": "Integration Latency",
    "M3": "Error Recovery Time",
    "M4": "API Rate Limit Compliance",
    "M5": "Authentication Success Rate",
}
"""The ticket's words."""
HOLDS = {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt}
BARS = 24
"""Buckets of a histogram."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """How a measure spreads, in seconds."""

    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One success metric at one integration."""

    id: Metric
    integration: str
    value: float
    unit: Literal["%", "s"]
    comparison: Comparison
    target: float
    count: int
    """How many calls, alerts or recoveries it was measured on."""
    throughput: float | None = None
    """Of these, so many a second went well."""
    percentiles: Percentiles | None = None
    histogram: tuple[tuple[float, int], ...] = ()
    """Upper edge of each bucket, in seconds, and how many lie in it."""
    failures: tuple[str, ...] = ()
    """What did not go well, a sentence each."""

    @property
    def title(self) -> str:
        """What is measured, in the ticket's words."""
        return TITLES[self.id]

    @property
    def passed(self) -> bool:
        """Whether the value keeps to the target."""
        return bool(HOLDS[self.comparison](self.value, self.target))


def spread(latencies: Latencies) -> Percentiles:
    """The percentiles of at least one value."""
    return Percentiles(latencies.at(50), latencies.at(95), latencies.at(99), latencies.greatest)


def histogram(latencies: Latencies) -> tuple[tuple[float, int], ...]:
    """Equally wide buckets from none to the greatest value."""
    width = latencies.greatest / BARS or 1 / BARS
    edges = [width * number for number in range(1, BARS + 1)]
    inside = [min(BARS - 1, int(value / width)) for value in latencies.values]
    return tuple((round(edge, 6), inside.count(number)) for number, edge in enumerate(edges))


def table(measurements: Sequence[Measurement]) -> str:
    """The measurements, for a reader."""
    wide = max((len(one.integration) for one in measurements), default=0)
    spreads = any(one.percentiles for one in measurements)
    head = f"{'':<{wide}}{'measured':>12}{'target':>12}{'on':>8}{'a second':>10}"
    rows = [head + (f"{'P50':>10}{'P95':>10}{'P99':>10}{'max':>10}" if spreads else "")]
    for one in measurements:
        row = f"{one.integration:<{wide}}{f'{one.value:.4g} {one.unit}':>12}"
        row += f"{f'{one.comparison} {one.target:g} {one.unit}':>12}{one.count:>8}"
        row += f"{one.throughput:>10.1f}" if one.throughput is not None else f"{'':>10}"
        if seen := one.percentiles:
            row += "".join(f"{value * 1000:>7.0f} ms" for value in (seen.p50, seen.p95, seen.p99, seen.max))
        rows.append(row)
    return "\n".join(rows)
