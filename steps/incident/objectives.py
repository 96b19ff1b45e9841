"""Services with service level objectives: what they promise in a scenario, and where they then stand in Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from steps.drivers.slos import Objective, Slos
from steps.incident.incident import Incident
from steps.incident.waiting import Waiting


class Objectives:
    """Brings the services of one incident into the state that its scenario asks for."""

    def __init__(self, slos: Callable[[], Slos], waiting: Waiting, incident: Incident) -> None:
        self._slos = slos
        self._waiting = waiting
        self._incident = incident

    def promise(self, objective: Objective, service: str = "checkout") -> None:
        """A service of the scenario has this objective and these counters from now on."""
        slo = self._incident.slo_of(service)
        self._incident.objectives[slo] = objective
        self._slos().publish(slo, objective)

    def promise_alike(self, objective: Objective) -> None:
        """Another service, whose name begins with that of the scenario's own, has this objective."""
        self._slos().publish(f"{self._incident.slo}-canary", objective)

    def stand(self, objective: Objective, service: str = "checkout") -> None:
        """As `promise`; and Prometheus holds what follows from the counters. Raises BedNotReady when it does not."""
        self.promise(objective, service)
        slo = self._incident.slo_of(service)
        recorded = self._waiting.for_bed(lambda: self._slos().stands(slo, objective), "alert")
        counters = "".join(f"{count} requests answered {code}\n" for code, count in objective.requests.items())
        held = "".join(f"{quantity}: {value!r}\n" for quantity, value in recorded.items())
        self._incident.saw(f"Counters of {slo}, and what Prometheus makes of them", f"{counters}\n{held}")


def failing(target: str, failed: int, requests: int) -> Objective:
    """The objective of a service with that target in percent, which failed so many of its requests."""
    return Objective(Fraction(target) / 100, {"200": requests - failed, "503": failed})


def promising(target: str) -> Objective:
    """The objective of a service with that target in percent, which has spent a quarter of its error budget."""
    many = 10**6
    return failing(target, int((1 - Fraction(target) / 100) * many / 4), many)


def answering(good: int, refused: int, failed: int) -> Objective:
    """The objective of a service with those numbers of requests answered well, refused and failed."""
    return Objective(Fraction("0.98"), {"200": good, "404": refused // 2, "429": refused - refused // 2, "500": failed})
