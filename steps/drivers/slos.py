"""Service level objectives: services are given counters, of which the world's Prometheus makes SLO data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from steps.drivers.prometheus import Prometheus
from steps.targets.profile import Rulings, Violation
from steps.world.services import slo
from steps.world.services.signals import Signals

Quantity = Literal["target", "current value", "error budget remaining", "burn rate"]
RECORDS: dict[Quantity, str] = {
    "target": slo.TARGET,
    "current value": slo.CURRENT,
    "error budget remaining": slo.BUDGET_REMAINING,
    "burn rate": slo.BURN_RATE,
}
"""The recording rule of each quantity."""

Place = Literal["just below", "exactly on", "just above"]
PLACES: dict[Place, int] = {"just below": -1, "exactly on": 0, "just above": 1}
"""Where a burn rate is, seen from a boundary: so many failures more."""

SHARP = Fraction(1, 1024)
"""An error budget that is a power of two: Prometheus divides by it without rounding."""
MANY = 1024 * 10**6
"""Requests of which a millionth of a SHARP error budget is one."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What a service promises and its raw counters; and what follows from them, in exact numbers (CONTRACTS §8.1)."""

    target: Fraction
    requests: Mapping[str, int]
    """How many requests were answered with each status code."""

    @property
    def error_ratio(self) -> Fraction:
        """Share of the requests that the service failed to answer; a refused request is no failure."""
        failed = sum(count for code, count in self.requests.items() if code.startswith("5"))
        return Fraction(failed, sum(self.requests.values()))

    @property
    def burn_rate(self) -> Fraction:
        """The error ratio over the error budget (ruling 1)."""
        return self.error_ratio / (1 - self.target)

    @property
    def quantities(self) -> dict[Quantity, Fraction]:
        """The SLO data, by what a ticket tells of it."""
        return {
            "target": self.target,
            "current value": 1 - self.error_ratio,
            "error budget remaining": 1 - self.burn_rate,
            "burn rate": self.burn_rate,
        }

    def counting_refusals(self) -> Objective:
        """The same service, seen by somebody who takes refused requests (4xx) for failures."""
        refused = sum(count for code, count in self.requests.items() if code.startswith("4"))
        kept = {code: count for code, count in self.requests.items() if not code.startswith("4")}
        return replace(self, requests=kept | {"500": kept.get("500", 0) + refused})


class Slos:
    """Brings services into the state that a scenario asks for, by their raw request counters."""

    def __init__(self, signals: Signals, prometheus: Prometheus, rulings: Rulings) -> None:
        self._signals = signals
        self._prometheus = prometheus
        self._above = {violation: Fraction(str(rate)) for violation, rate in rulings.violation_above.items()}

    def violating(self, violation: Violation) -> Objective:
        """An objective whose burn rate is in the middle of that severity's range (ruling 2)."""
        above = self._above
        return _burning(
            {
                "critical": 2 * above["critical"],
                "high": (above["high"] + above["critical"]) / 2,
                "medium": (above["medium"] + above["high"]) / 2,
                "low": above["medium"] / 2,
            }[violation]
        )

    def at_boundary(self, violation: Literal["critical", "high", "medium"], place: Place) -> Objective:
        """An objective whose burn rate is there, seen from the one above which a violation has that severity."""
        return _burning(self._above[violation], PLACES[place])

    def publish(self, name: str, objective: Objective) -> None:
        """The service has this objective and these counters from now on."""
        slo.publish(self._signals, name, target=float(objective.target), requests=objective.requests)

    def withdraw(self, name: str, objective: Objective) -> None:
        """The service is gone."""
        slo.withdraw(self._signals, name, requests=objective.requests)

    def known(self) -> set[str]:
        """The services of which Prometheus has SLO data."""
        found = self._prometheus.series(slo.BUDGET_REMAINING)
        return {series.labels["slo_name"] for series in found}

    def recorded(self, name: str) -> dict[Quantity, float]:
        """The service's SLO data as Prometheus' recording rules have it; a quantity without data is left out."""
        values = {quantity: self._value(record, name) for quantity, record in RECORDS.items()}
        return {quantity: value for quantity, value in values.items() if value is not None}

    def stands(self, name: str, objective: Objective) -> dict[Quantity, float]:
        """The SLO data in Prometheus; raises AssertionError until it is what follows from the service's counters."""
        recorded = self.recorded(name)
        for quantity, value in objective.quantities.items():
            seen = recorded.get(quantity)
            assert seen is not None and math.isclose(seen, value, rel_tol=1e-9, abs_tol=1e-9), (
                f"Expected Prometheus to hold {float(value):g} as {quantity} of {name}, but it holds "
                f"{'nothing' if seen is None else f'{seen:g}'}."
            )
        return recorded

    def _value(self, record: str, name: str) -> float | None:
        return self._prometheus.value(f'{record}{{slo_name="{name}"}}')


def _burning(rate: Fraction, failures_more: int = 0) -> Objective:
    """An objective with exactly that burn rate, in Prometheus' floating point too."""
    failed = rate * SHARP * MANY + failures_more
    if failed.denominator != 1:
        raise ValueError(f"A burn rate of {float(rate)} cannot be hit: boundaries are whole millionths.")
    return Objective(1 - SHARP, {"200": MANY - int(failed), "503": int(failed)})
