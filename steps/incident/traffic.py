"""Traffic: alerts that arrive on a schedule at prometheus-events' door, whatever becomes of those before them.

A load is sent once in a run, and whoever asks for it again looks at the same one; so several metrics are of one load.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from itertools import cycle
from typing import Literal, TypeVar
from urllib.parse import quote

from steps.drivers.load import Keeping, harness_capacity, open_loop
from steps.drivers.loki import Loki
from steps.drivers.slos import Slos
from steps.drivers.tempo import Tempo
from steps.drivers.webhook import ROUND, Webhook
from steps.incident.alert import Alert, Rule, make_alert
from steps.incident.approvals import PromptPeople
from steps.incident.incident import Incident
from steps.incident.integrations import SYSTEMS, Facts, Hop, Trace, calls_between, trace
from steps.incident.model import KINDS, alert_about
from steps.incident.notification import notification
from steps.incident.objectives import promising
from steps.incident.observability import teach
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets import profile as profiles
from steps.world.gateway import Authority
from steps.world.journal import Exchange, Journal
from steps.world.loop import Loop
from steps.world.processes.usage import Machine, Share
from steps.world.services.covered import uncovered

T = TypeVar("T")
Kind = Literal["everything", "approvals", "limits"]
"""What a load is for: see the methods of Traffic."""

EVERYTHING = (
    "agent-sre",
    "Linear",
    "Jira",
    "LambdaFunctions",
    "Prometheus",
    "Loki",
    "Tempo",
    "the SLM service",
    "the on-call service",
    "the TRM model",
)
"""The systems that are needed for an alert of which every system knows something, and which names no function."""
WITH_APPROVAL = ("agent-sre", "Linear", "Jira", "Slack", "the approval application", "LambdaFunctions")
"""Those that are needed for an alert which names its function, where people have to approve that."""

SERVICES = ("checkout", "payment", "search", "delivery")
"""They have objectives; alerts are about each of them in turn."""
OBJECTIVE = promising("97.3")
"""What each of them promises: nothing that somebody might make up."""


@dataclass(frozen=True, slots=True)
class Load:
    """Alerts that have arrived, and what has become of them. Times are the journal's."""

    alerts: Sequence[Alert]
    systems: Sequence[str]
    """Those that are needed for each of the alerts."""
    due: Mapping[str, float]
    """When each alert was to arrive, by its mark: latencies count from here, however late it was sent."""
    keeping: Keeping
    capacity: float
    """Calls a second that the suite itself could carry."""
    machine: Share
    """How the machine was used meanwhile, when others used it most."""
    began: float
    ended: float
    """When everything had become of them, or nobody waited any longer."""
    calls: Sequence[Exchange]
    """All calls at all integration points meanwhile."""
    traces: Mapping[str, Trace]
    """What has become of each alert, by its mark."""

    def on(self, *hops: Hop) -> list[Exchange]:
        """The calls of these callers to these callees."""
        return [call for call in self.calls if (call.caller, call.callee) in hops]

    def calls_of(self, system: str) -> list[Exchange]:
        """The calls that are the system's."""
        return [call for call in self.on(*SYSTEMS[system].hops) if SYSTEMS[system].is_own(call)]

    @property
    def carried(self) -> float:
        """Calls a second that the suite carried."""
        return len(self.calls) / self.lasted

    @property
    def lasted(self) -> float:
        """Seconds from its beginning until everything had become of the alerts."""
        return self.ended - self.began

    def effect(self, system: str, alert: Alert) -> float | None:
        """When the system had done its part for the alert; None if it has not."""
        return SYSTEMS[system].effect(self.traces[alert.mark])

    @property
    def harness(self) -> str:
        """How the schedule was kept, for a reader."""
        slip, kept = self.keeping.slip, self.keeping
        percentiles = ", ".join(f"P{number} {slip.at(number) * 1000:.1f} ms" for number in (50, 95, 99))
        return (
            f"{len(self.alerts)} alerts, {kept.rate:g} a second asked for, {kept.reached:.1f} a second sent\n"
            f"the sender's slip: {percentiles}, greatest {slip.greatest * 1000:.1f} ms\n"
            f"{len(self.calls)} calls came of them, {self.carried:.0f} a second; the suite itself could have carried "
            f"{self.capacity:.0f} a second\n"
            f"in the busiest second other programs took {self.machine.others:.0f} % of the processors' time, and left "
            f"{self.machine.idle:.0f} % idle"
        )


class Traffic:
    """Sends loads, each once in a run. Raises BedNotReady when the suite could not send one as it should."""

    def __init__(
        self,
        *,
        webhook: Callable[[], Webhook],
        loki: Callable[[], Loki],
        tempo: Callable[[], Tempo],
        slos: Callable[[], Slos],
        engineer: Callable[[], str],
        people: Callable[[], PromptPeople],
        limits: Callable[[], Sequence[Callable[[], object]]],
        loop: Loop,
        authority: Authority,
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
        profile: profiles.Profile,
        sent: dict[Kind, Load],
    ) -> None:
        self._webhook = webhook
        self._loki = loki
        self._tempo = tempo
        self._slos = slos
        self._engineer = engineer
        self._people = people
        self._limits = limits
        self._loop = loop
        self._authority = authority
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._settings = profile.load
        self._sent = sent

    # -- loads

    def everything(self) -> Load:
        """Alerts for which every system is needed but those where people approve."""

        def send() -> Load:
            alerts = [alert_known_everywhere(number) for number in range(self._settings.alerts)]
            facts = self.know(alerts)
            return self._send(alerts, EVERYTHING, facts)

        return self._once("everything", send)

    def approvals(self) -> Load:
        """Alerts whose remediations people are asked to approve, and do approve, in turns at each place."""

        def send() -> Load:
            alerts = [make_alert(function="pod-restart") for _ in range(self._settings.approvals)]
            return self._send(alerts, WITH_APPROVAL, meanwhile=self._people().approve_in_turns)

        return self._once("approvals", send)

    def limits(self) -> Load:
        """As `approvals`; but meanwhile one rate limit after the other is reached for a moment.

        Were they reached together, whoever waits for the end of one would not meet the others.
        """

        def send() -> Load:
            alerts = [make_alert(function="pod-restart") for _ in range(self._settings.limited)]
            people, limits = self._people(), self._limits()
            share = len(alerts) // (len(limits) + 1)
            ahead = [(alerts[number * share], limit) for number, limit in enumerate(limits, 1)]

            def meanwhile() -> None:
                people.approve_in_turns()
                if ahead and trace(self._journal, ahead[0][0], None, 0).arrived():
                    ahead.pop(0)[1]()

            return self._send(alerts, WITH_APPROVAL, meanwhile=meanwhile)

        return self._once("limits", send)

    def _once(self, kind: Kind, send: Callable[[], Load]) -> Load:
        if kind not in self._sent:
            self._sent[kind] = send()
        return self._sent[kind]

    # -- what the systems know

    def know(self, alerts: Sequence[Alert]) -> dict[str, Facts]:
        """Every system comes to know something about each of the alerts; what, by its mark.

        Raises BedNotReady when Prometheus does not come to know it.
        """
        slos = {f"{service}-{secrets.token_hex(4)}" for service in SERVICES}
        for alert, slo in zip(alerts, cycle(slos), strict=False):
            alert.starts_at = datetime.now(UTC)
            alert.labels["slo"] = slo
            self._incident.set_signal(alert, alert.value)
        for slo in slos:
            self._slos().publish(slo, OBJECTIVE)
            self._incident.ending.callback(self._slos().withdraw, slo, OBJECTIVE)
        known, engineer = teach(self._loki(), self._tempo(), alerts), self._engineer()

        def held() -> None:
            missing = slos - self._slos().known()
            assert not missing, f"Expected Prometheus to have SLO data of {len(slos)} services, not of {missing}."

        self._waiting.for_bed(held, "scrape")
        return {
            mark: Facts(Fraction(str(one.value)), one.lines[0], one.failed, OBJECTIVE.target, engineer)
            for mark, one in known.items()
        }

    # -- sending

    def _send(
        self,
        alerts: Sequence[Alert],
        systems: Sequence[str],
        facts: Mapping[str, Facts] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Load:
        """Sends the alerts on schedule, and waits until everything has become of them."""
        webhook, rate = self._webhook(), self._settings.rate
        capacity = self._loop.run(harness_capacity(self._authority))
        patience = max(ROUND, self._waiting.limits.recovery)
        actions = [partial(webhook.deliver, notification([(alert, "firing")]), patience=patience) for alert in alerts]
        with Machine() as machine:
            began = self._journal.cursor()
            sending = self._loop.begin(open_loop(actions, rate, self._journal.cursor))
            try:
                while not wait([sending], LOOK_AGAIN).done:
                    meanwhile()
                arrivals = sending.result()
            finally:
                sending.cancel()
            keeping = Keeping.of(arrivals, rate)
            well_sent(keeping, self._settings)
            traces = self._settled(alerts, systems, facts or {}, began, meanwhile)
        every_hop = {hop for system in SYSTEMS.values() for hop in system.hops}
        load = Load(
            alerts=alerts,
            systems=systems,
            due={alert.mark: arrival.due for alert, arrival in zip(alerts, arrivals, strict=True)},
            keeping=keeping,
            capacity=capacity,
            machine=machine.worst(),
            began=began,
            ended=self._journal.cursor(),
            calls=calls_between(self._journal, every_hop, alerts, began),
            traces=traces,
        )
        well_carried(load)
        return load

    def _settled(
        self,
        alerts: Sequence[Alert],
        systems: Sequence[str],
        facts: Mapping[str, Facts],
        began: float,
        meanwhile: Callable[[], None],
    ) -> dict[str, Trace]:
        """What has become of the alerts, once every system has done its part for each, or nobody waits any longer."""
        traces: dict[str, Trace] = {}
        unfinished = list(alerts)

        def finished() -> None:
            meanwhile()
            for alert in [*unfinished]:
                traces[alert.mark] = trace(self._journal, alert, facts.get(alert.mark), began)
                if all(SYSTEMS[system].effect(traces[alert.mark]) for system in systems):
                    unfinished.remove(alert)
            assert not unfinished, f"{len(unfinished)} alerts are unfinished."
            under_way = self._journal.in_flight(caller="agent-sre", method="POST", since=began)
            assert not under_way, f"{len(under_way)} calls are under way."

        with suppress(AssertionError):
            self._waiting.until(finished, "burst")
        return traces


LOOK_AGAIN = 0.02
"""Seconds after which people look again whether they are asked something."""


def alert_known_everywhere(number: int) -> Alert:
    """An alert of one of the kinds that the model knows, in turns; in traces its service is its own."""
    alert = alert_about([*KINDS.values()][number % len(KINDS)])
    alert.labels |= {"service": f"checkout-{alert.mark}", "incident": alert.mark}
    alert.source = f"http://prometheus.example.com/graph?g0.expr={quote(Rule(alert.mark).expression)}&g0.tab=1"
    alert.value = random.randrange(83_01, 98_99) / 100
    return alert


def well_sent(keeping: Keeping, settings: profiles.Load) -> None:
    """The alerts were sent on schedule. Raises BedNotReady."""
    if keeping.late(settings.slip):
        raise BedNotReady(
            f"Expected {keeping.rate:g} alerts a second to be sent on schedule, but one of twenty was sent "
            f"{keeping.slip.at(95):.2f} s late (at most {settings.slip:g} s): the machine is too busy to measure."
        )


def well_carried(load: Load) -> None:
    """The suite could have carried more calls than there were. Raises BedNotReady."""
    if load.capacity < load.carried:
        raise BedNotReady(f"{_carried(load)}: the machine is too slow to measure.")


@contextmanager
def if_well_measured(load: Load, settings: profiles.Load) -> Iterator[None]:
    """What is missed herein is held against agent-sre, unless the machine was too busy, the suite itself not faster by
    far, or a double could not answer. Raises BedNotReady then.

    What is reached in spite of that counts.
    """
    try:
        with if_undisturbed(load.machine, settings):
            yield
    except AssertionError as missed:
        if unanswered := uncovered(call for call in load.calls if call.caller == "agent-sre"):
            raise BedNotReady(f"{missed} But {unanswered[0].lower()}{unanswered[1:]}") from None
        if load.capacity >= settings.headroom * load.carried:
            raise
        raise BedNotReady(
            f"{missed} But {_carried(load)}, less than {settings.headroom:g} times as many: the machine is too slow "
            "to measure."
        ) from None


def _carried(load: Load) -> str:
    return f"{load.carried:.0f} calls a second came of the load, and the suite itself can carry {load.capacity:.0f}"


@contextmanager
def if_undisturbed(machine: Share, settings: profiles.Load) -> Iterator[None]:
    """What is missed herein is held against agent-sre, unless others kept the machine busy. Raises BedNotReady then.

    What is reached in spite of them counts.
    """
    try:
        yield
    except AssertionError as missed:
        if machine.others <= max(settings.others, machine.idle):
            raise
        raise BedNotReady(
            f"{missed} But for a second other programs took {machine.others:.0f} % of the processors' time and left "
            f"{machine.idle:.0f} % idle: the machine is too busy to measure."
        ) from None
