"""What can be claimed about the ticket's success metrics, by what a load has left on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Literal

from steps.drivers.load import Latencies
from steps.incident.alert import Alert
from steps.incident.incident import Incident
from steps.incident.integrations import (
    AUTHENTICATED,
    LIMITED,
    SYSTEMS,
    credential_refused,
    failure,
    is_limited_with,
    limited_until,
    told,
)
from steps.incident.measurement import Comparison, Measurement, Metric, histogram, spread, table
from steps.incident.traffic import Load, if_well_measured
from steps.incident.waiting import BedNotReady
from steps.targets import profile as profiles
from steps.world.journal import Exchange


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something went well at one integration, and what became of the rest."""

    integration: str
    count: int
    failures: tuple[str, ...] = ()
    """A sentence's end for each: "POST https://api.linear.app/graphql answered 503"."""
    of: Literal["calls", "alerts"] = "calls"
    """What was counted."""

    @property
    def share(self) -> float:
        """Per cent that went well; of nothing, none."""
        return 100 * (self.count - len(self.failures)) / self.count if self.count else 0.0


class SuccessMetrics:
    """Claims about the success metrics. Each keeps what it measured, and raises AssertionError for what misses it."""

    def __init__(self, incident: Incident, profile: profiles.Profile) -> None:
        self._incident = incident
        self._targets = profile.targets
        self._settings = profile.load

    def succeed(self, load: Load, points: Sequence[str]) -> None:
        """More of the calls, and of the alerts, at each integration point go well than the target says (M1).

        Raises BedNotReady when they do, but are too few to say so.
        """
        calls = [calls_at(point, load) for point in points]
        tallies = [worst_of([tally, *alerts_at(tally.integration, load)]) for tally in calls]
        self._keep("M1", tallies, ">", self._targets.success, load)
        with if_well_measured(load, self._settings):
            succeeded(tallies, self._targets.success)
        enough(calls, self._settings.calls)

    def in_time(self, load: Load, systems: Sequence[str]) -> None:
        """The effect of an alert at each system is there soon enough after the alert was due (M2)."""
        delays = [delays_at(system, load, self._targets.latency) for system in systems]
        self._measured([latency(one, self._targets.latency) for one in delays], load)
        with if_well_measured(load, self._settings):
            soon_enough(delays, self._targets.latency)

    def compliant(self, load: Load, parties: Sequence[str]) -> None:
        """No call is sent to any of them while its rate limit is reached, which all of them tell (M4)."""
        for party in parties:
            self._incident.did_not_see(f"a call to {party} while it is limited", partial(load.on, LIMITED[party]))
        tallies = [compliance_at(party, load, self._settings.notice) for party in parties]
        self._keep("M4", tallies, ">=", self._targets.rate_limit_compliance, load)
        with if_well_measured(load, self._settings):
            never_while_limited(tallies, self._targets.rate_limit_compliance)

    def authenticated(self, load: Load, parties: Sequence[str]) -> None:
        """Each of them takes the credential of every call (M5).

        Whoever is called once for long, as by a watch, need not be called during the load: then the calls of the whole
        run count.
        """
        tallies = [credentials_at(party, load.on(AUTHENTICATED[party]) or self._in_the_run(party)) for party in parties]
        self._keep("M5", tallies, ">=", self._targets.authentication, load)
        all_authenticated(tallies, self._targets.authentication)

    def _in_the_run(self, party: str) -> list[Exchange]:
        """All calls to a party so far, also those that last; but for those that met a fault."""
        caller, callee = AUTHENTICATED[party]
        journal = self._incident.journal
        made = (*journal.exchanges(caller=caller, callee=callee), *journal.in_flight(caller=caller, callee=callee))
        return [call for call in made if not call.fault]

    def _keep(
        self, metric: Metric, tallies: Sequence[Tally], comparison: Comparison, target: float, load: Load
    ) -> None:
        self._measured([share(metric, tally, comparison, target) for tally in tallies], load)

    def _measured(self, measured: Sequence[Measurement], load: Load) -> None:
        """Keeps what was measured, how the load was carried, and what did not go well, as evidence."""
        measured = [replace(one, throughput=(one.count - len(one.failures)) / load.lasted) for one in measured]
        self._incident.measured(*measured)
        self._incident.saw("Measured", table(measured))
        self._incident.saw("How the load was carried", load.harness)
        for one in measured:
            if one.failures:
                self._incident.saw(f"What did not go well at {one.integration}", "\n".join(one.failures))


# -- what is measured: pure -------------------------------------------------------------------------------------------


def calls_at(point: str, load: Load) -> Tally:
    """All calls at an integration point, and as one more that failed each alert for which nothing came of them.

    Who asks once for several alerts, and keeps the answer, is judged by those that had their part.

    Raises BedNotReady when no alert of the load needs it.
    """
    systems = systems_at(point, load)
    if not systems:
        raise BedNotReady(f"No alert of the load needs anything at {point!r}.")
    calls = {call.number: call for system in systems for call in load.calls_of(system)}
    failed = [(call, reason) for call in calls.values() if (reason := failure(call))]
    blamed = "".join(f"{call.url} {call.request_text}" for call, _ in failed)
    missed = [
        f"nothing came of {system} for {alert.called}"
        for system in systems
        for alert in load.alerts
        if is_missed(system, alert, load) and alert.mark not in blamed
    ]
    served = sum(bool(load.effect(system, alert)) for system in systems for alert in load.alerts)
    return Tally(
        point, max(len(calls), served) + len(missed), (*(told(call, reason) for call, reason in failed), *missed)
    )


def alerts_at(point: str, load: Load) -> list[Tally]:
    """For each system of an integration point the alerts of which its part can be seen, and those that lack it.

    However many calls each alert takes there: an alert that was passed over is not made up for by them.
    """
    tallies = []
    for system in systems_at(point, load):
        missed = [alert for alert in load.alerts if is_missed(system, alert, load)]
        served = sum(bool(load.effect(system, alert)) for alert in load.alerts)
        failed = [(call, reason) for call in load.calls_of(system) if (reason := failure(call))]
        failures = (f"nothing came of {system} for {alert.called}{_why(alert, failed)}" for alert in missed)
        tallies.append(Tally(point, served + len(missed), tuple(failures), "alerts"))
    return tallies


def _why(alert: Alert, failed: Sequence[tuple[Exchange, str]]) -> str:
    """The first of the failed calls that is about the alert, as the end of a sentence; empty without one."""
    about = (told(call, reason) for call, reason in failed if alert.mark in f"{call.url} {call.request_text}")
    return "".join(f": {one}" for one in islice(about, 1))


def systems_at(point: str, load: Load) -> list[str]:
    """The systems of an integration point that the alerts of the load need."""
    return [system for system in load.systems if SYSTEMS[system].point == point]


def worst_of(tallies: Sequence[Tally]) -> Tally:
    """The one of which the smallest share went well, of those that counted anything."""
    return min((tally for tally in tallies if tally.count), key=lambda tally: tally.share, default=tallies[0])


def is_missed(system: str, alert: Alert, load: Load) -> bool:
    """Whether the system has not done its part for the alert, and that could have been seen."""
    if load.effect(system, alert):
        return False
    return not SYSTEMS[system].on_ticket or bool(load.effect("Linear", alert))


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from when each alert was due to its effect at a system.

    For one without, as long as it was waited for, and no less than the target: it is never in time.
    """

    system: str
    seconds: Latencies
    missing: tuple[str, ...]
    """The alerts without."""


def delays_at(system: str, load: Load, target: float) -> Delays:
    """How long the alerts of the load waited for the system."""
    effects = {alert.mark: load.effect(system, alert) for alert in load.alerts}
    waited = {mark: max(target, load.ended - due) for mark, due in load.due.items()}
    seconds = [at - load.due[mark] if at else waited[mark] for mark, at in effects.items()]
    return Delays(system, Latencies(seconds), tuple(one.called for one in load.alerts if not effects[one.mark]))


def compliance_at(party: str, load: Load, notice: float) -> Tally:
    """All calls to a party, and those that were sent while it was limited. Raises BedNotReady if it never was."""
    calls = load.on(LIMITED[party])
    limits = [(call, call.ended + notice, end) for call in calls if (end := limited_until(call))]
    if not limits:
        raise BedNotReady(f"Expected agent-sre to meet {party}'s rate limit, but of its {len(calls)} calls none did.")
    early = {
        call: max(ends) - call.began
        for call in calls
        if (ends := [end for met, known, end in limits if known < call.began < end and is_limited_with(call, met)])
    }
    return Tally(
        party,
        len(calls),
        tuple(told(call, f"was sent {seconds:.2f} s before the limit ended") for call, seconds in early.items()),
    )


def credentials_at(party: str, made: Sequence[Exchange]) -> Tally:
    """All calls that a party has answered, and those whose credential it did not take."""
    calls = [call for call in made if call.status]
    return Tally(party, len(calls), tuple(told(call, how) for call in calls if (how := credential_refused(call))))


def share(metric: Metric, tally: Tally, comparison: Comparison, target: float) -> Measurement:
    """The per cent that went well."""
    return Measurement(
        metric, tally.integration, tally.share, "%", comparison, target, tally.count, failures=tally.failures
    )


def latency(delays: Delays, target: float) -> Measurement:
    """The 95th percentile of the delays, and how they spread."""
    seconds = delays.seconds
    return Measurement(
        "M2",
        delays.system,
        seconds.at(95),
        "s",
        "<",
        target,
        len(seconds),
        percentiles=spread(seconds),
        histogram=histogram(seconds),
        failures=tuple(f"{alert} has no effect at {delays.system}" for alert in delays.missing),
    )


# -- what is claimed: pure, each with its sentence --------------------------------------------------------------------


def succeeded(tallies: Sequence[Tally], target: float) -> None:
    """More than so many per cent went well everywhere."""
    missed = [tally for tally in tallies if not tally.share > target]
    if missed:
        first = missed[0]
        well, ill = ("succeed", "did not") if first.of == "calls" else ("be served", "were not")
        expected = f"Expected more than {target:g} % of the {first.of} at “{first.integration}” to {well}, but"
        raise AssertionError(_sentence(expected, missed, ill))


def enough(tallies: Sequence[Tally], least: int) -> None:
    """There are so many calls everywhere. Raises BedNotReady."""
    few = [tally for tally in tallies if tally.count < least]
    if few:
        raise BedNotReady(
            f"Expected {least} calls at “{few[0].integration}” to judge it by, but the load brought about only "
            f"{few[0].count}: have more alerts arrive, by load.alerts and load.approvals of the profile."
        )


def soon_enough(delays: Sequence[Delays], target: float) -> None:
    """The 95th percentile is below the target everywhere."""
    slow = [one for one in delays if not one.seconds.at(95) < target]
    if slow:
        first, *others = slow
        lacking = f", and {len(first.missing)} of them have none at all" if first.missing else ""
        beside = "".join(f"; at {one.system} after {one.seconds.at(95):.2f} s" for one in others)
        raise AssertionError(
            f"Expected 95 % of {len(first.seconds)} alerts to have their effect at {first.system} in less than "
            f"{target:g} s, but it was there after {first.seconds.at(95):.2f} s{lacking}{beside}."
        )


def never_while_limited(tallies: Sequence[Tally], target: float) -> None:
    """So many per cent of the calls were sent while there was no limit."""
    missed = [tally for tally in tallies if not tally.share >= target]
    assert not missed, _sentence(
        f"Expected agent-sre to send no call to {missed[0].integration} while its rate limit is reached, but",
        missed,
        "were",
    )


def all_authenticated(tallies: Sequence[Tally], target: float) -> None:
    """There were calls everywhere, and so many per cent of them were authenticated."""
    missed = [tally for tally in tallies if not tally.share >= target]
    assert not missed, _sentence(
        f"Expected every call to be authenticated by {missed[0].integration}, but", missed, "were not"
    )


def _sentence(expected: str, missed: Sequence[Tally], verb: str) -> str:
    """ "Expected …, but 7 of 212 did not, the first: POST … answered 503." """
    first, *others = missed
    if not first.count:
        return f"{expected} there is none."
    beside = "".join(f"; {len(one.failures)} of {one.count} {one.of} at {one.integration}" for one in others)
    seen = f"{len(first.failures)} of {first.count} {verb} ({first.share:.4g} %)"
    return f"{expected} {seen}, the first: {first.failures[0]}{beside}."
