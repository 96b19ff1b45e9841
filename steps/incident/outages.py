"""Outages: how soon after an external system is back the first incident that needs it is complete again (M3).

All systems go down once in a run, and whoever asks for one of them looks at the same outages. Those on which an
incident acts go down together, and a little later those that it reads from. What an alert needs overlaps, so that the
time that is measured for one system may hold what another one took: it is never less than the system's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from steps.drivers.webhook import Webhook
from steps.incident.alert import Alert, make_alert, remediation_by
from steps.incident.approvals import PromptPeople
from steps.incident.incident import Incident
from steps.incident.integrations import SYSTEMS, Facts, System, Trace, told, trace
from steps.incident.measurement import Measurement, table
from steps.incident.notification import notification
from steps.incident.traffic import Traffic, alert_known_everywhere, if_undisturbed
from steps.incident.waiting import LOOK_AGAIN, BedNotReady, Waiting
from steps.targets import profile as profiles
from steps.world.gateway import Injection
from steps.world.journal import Exchange, Journal
from steps.world.processes.usage import ALONE, Machine, Share
from steps.world.trouble import Trouble

ACTED_ON = ("the broker", "Linear", "Jira", "LambdaFunctions", "Slack", "the approval application")
"""They go down first."""
READ_FROM = (
    "Kubernetes",
    "Prometheus",
    "Loki",
    "Tempo",
    "the SLM service",
    "the on-call service",
    "the TRM model",
)
"""They go down a little later, so that what is acted on is back before them."""
LATER = 0.75
"""Seconds."""
FUNCTION = "pod-check-status"
"""The function that goes down: one whose circuit breaker stands in no other scenario's way."""
APPROVED_LATE = (0.2, LATER + 0.2)
"""Seconds after which remediations are approved that were asked for before, because meanwhile nobody can be asked.

The first ones meet the functions' outage, the others that of Kubernetes, where functions are looked up.
"""
AT_ONCE = 2
"""So many of them each time."""

PASSED_ON = ("prometheus-events", "broker")


def _arrived_through(seen: Trace) -> float | None:
    """When the alert's event was at agent-sre's door, if it came through the broker's: others fire behind that."""
    passed_on = any((call.caller, call.callee) == PASSED_ON for call in seen.calls)
    return seen.arrived() if passed_on else None


OWN_WAY: dict[str, System] = {
    "the broker": System("", (PASSED_ON,), _arrived_through),
    "LambdaFunctions": System("", (("agent-sre", "functions"),), lambda seen: seen.called(FUNCTION)),
    "Kubernetes": System("", (("agent-sre", "kubernetes"),), SYSTEMS["LambdaFunctions"].effect),
}
"""Systems whose outage is seen otherwise than integrations.SYSTEMS says: their calls, and what shows that they work."""
SHOWN = 20
"""Calls that are shown as evidence."""


@dataclass(slots=True)
class Outage:
    """One system's outage, and what came of it. Times are the journal's."""

    system: str
    began: float
    ended: float = math.inf
    recovered: float = math.inf
    """When the first incident was complete again."""
    by: Alert | None = None
    """The alert of that incident."""
    met: Sequence[Exchange] = ()
    """The calls that met the outage."""
    after: Sequence[Exchange] = ()
    """The calls since its end."""
    machine: Share = ALONE
    """How the machine was used from before the outages until all was over, when others used it most."""

    @property
    def took(self) -> float:
        """Seconds from its end to the first complete incident; infinite without one."""
        return self.recovered - self.ended if self.by else math.inf


def system_of(name: str) -> System:
    """The calls of the system, and its effect on an alert."""
    return OWN_WAY.get(name) or SYSTEMS[name]


class Outages:
    """Brings the outages about, once in a run, and makes claims about them."""

    def __init__(
        self,
        *,
        traffic: Traffic,
        webhook: Callable[[], Webhook],
        people: Callable[[], PromptPeople],
        trouble: Callable[[], Trouble],
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
        profile: profiles.Profile,
        seen: dict[str, Outage],
    ) -> None:
        self._traffic = traffic
        self._webhook = webhook
        self._people = people
        self._trouble = trouble
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._settings = profile.load
        self._target = profile.targets.recovery
        self._seen = seen
        self._fired: list[tuple[float, Alert]] = []
        """The alerts so far, with the journal's time of each."""
        self._facts: dict[str, Facts] = {}
        self._outages: dict[str, Outage] = {}
        self._down: dict[str, Injection] = {}

    # -- what is claimed

    def recovered(self, system: str) -> None:
        """An incident that needs the system was complete again soon enough after its outage (M3).

        Raises BedNotReady when it was, but nothing had met the outage.
        """
        outage = self.of(system)
        measured = recovery(outage, self._target)
        self._incident.measured(measured)
        self._incident.saw("Measured", table([measured]))
        self._incident.saw_exchanges(f"Calls that met the outage of {system}", [*outage.met][:SHOWN])
        self._incident.saw_exchanges(f"Calls since {system} was back", [*outage.after][:SHOWN])
        with if_undisturbed(outage.machine, self._settings):
            complete_again(outage, self._target)
        was_met(outage)

    def of(self, system: str) -> Outage:
        """The system's outage in this run."""
        if not self._seen:
            self._bring_about()
            self._seen |= self._outages
        return self._seen[system]

    # -- how they are brought about

    def _bring_about(self) -> None:
        """Takes all systems down and up again while alerts fire; returns when all have recovered, or time is up."""
        longest = LATER + self._settings.outage + self._waiting.limits.recovery + self._target
        alerts = [an_alert(number) for number in range(math.ceil(longest / self._settings.every))]
        self._facts = self._traffic.know(alerts)
        asked_before, asked_meanwhile = self._people(), self._people()
        self._ask(asked_before)
        plan = sorted(self._plan(alerts, asked_before), key=lambda one: one[0])
        with Machine() as machine:
            began = self._journal.cursor()
            while self._journal.cursor() - began < longest and not self._all_recovered():
                while plan and plan[0][0] <= self._journal.cursor() - began:
                    plan.pop(0)[1]()
                self._take_up()
                self._waiting.look_begins()
                asked_meanwhile.approve()
                self._look()
                self._waiting.journal_moves(LOOK_AGAIN)
        for outage in self._outages.values():
            outage.machine = machine.worst()
            self._account(outage)

    def _plan(self, alerts: Sequence[Alert], asked: PromptPeople) -> Iterator[tuple[float, Callable[[], None]]]:
        """What is done after how many seconds."""
        for start, systems in ((0.0, ACTED_ON), (LATER, READ_FROM)):
            yield start, partial(self._take_down, systems)
        for after in APPROVED_LATE:
            yield after, partial(asked.approve, AT_ONCE)
        for number, alert in enumerate(alerts):
            yield number * self._settings.every, partial(self._fire, alert)

    def _ask(self, people: PromptPeople) -> None:
        """Alerts have fired whose remediations wait for approval; or nobody waits for that any longer."""
        alerts = [make_alert(function=FUNCTION) for _ in range(AT_ONCE * len(APPROVED_LATE))]
        for alert in alerts:
            self._fire(alert)

        def asked() -> None:
            people.look()
            assert len(people.asked) == len(alerts), f"Expected {len(alerts)} requests for approval."

        with suppress(AssertionError):
            self._waiting.until(asked, "ticket")

    def _fire(self, alert: Alert) -> None:
        """The alert fires behind the broker, and another one at prometheus-events."""
        beside = make_alert()
        self._fired += [(self._journal.cursor(), alert), (self._journal.cursor(), beside)]
        self._incident.fire_beside(alert)
        self._webhook().send(notification([(beside, "firing")]))

    def _take_down(self, systems: Sequence[str]) -> None:
        trouble = self._trouble()
        for system in systems:
            self._outages[system] = Outage(system, self._journal.cursor())
            self._down[system] = (
                trouble.function_down(FUNCTION) if system == "LambdaFunctions" else trouble.down(system)
            )

    def _take_up(self) -> None:
        shortest = self._settings.outage
        for system, outage in self._outages.items():
            if outage.ended < math.inf:
                continue
            self._account(outage)
            if lasted_enough(outage, self._journal.cursor(), shortest, shortest + self._waiting.limits.recovery):
                self._down[system].lift()
                outage.ended = self._journal.cursor()

    def _all_recovered(self) -> bool:
        return len(self._outages) == len((*ACTED_ON, *READ_FROM)) and all(one.by for one in self._outages.values())

    def _look(self) -> None:
        """Notes the systems of which the first incident is complete again.

        What was read before an outage may be told on a ticket after it: such an alert shows nothing.
        """
        waiting = [one for one in self._outages.values() if one.ended < math.inf and not one.by]
        if not waiting:
            return
        traces = [
            (at, alert, trace(self._journal, alert, self._facts.get(alert.mark), at)) for at, alert in self._fired
        ]
        for outage in waiting:
            system = system_of(outage.system)
            for at, alert, seen in traces:
                if (system.on_ticket and at < outage.began) or not (effect := system.effect(seen)):
                    continue
                if outage.ended < effect < outage.recovered:
                    outage.recovered, outage.by = effect, alert

    def _account(self, outage: Outage) -> None:
        """Keeps the calls of the system, by whether they met the outage or came after it."""
        system, calls = system_of(outage.system), []
        for caller, callee in system.hops:
            calls += self._journal.exchanges(caller=caller, callee=callee, since=outage.began)
        own = [call for call in calls if system.is_own(call)]
        outage.met = [call for call in own if call.fault]
        outage.after = [call for call in own if call.began > outage.ended]


def an_alert(number: int) -> Alert:
    """An alert of which every system knows something; every second one names the function that goes down."""
    alert = alert_known_everywhere(number)
    if number % 2 == 0:
        alert.annotations |= remediation_by(FUNCTION, alert.labels)
    return alert


def lasted_enough(outage: Outage, now: float, shortest: float, longest: float) -> bool:
    """Whether the outage may end: a call has met it by now, or nobody waits for one any longer."""
    lasted = now - outage.began
    return lasted >= longest or (lasted >= shortest and bool(outage.met))


# -- pure claims, each with its sentence


def recovery(outage: Outage, target: float) -> Measurement:
    """The time of recovery; of one that was not seen, what was waited for it."""
    failures = () if outage.by else (f"No incident was complete again after {outage.system} was back",)
    return Measurement("M3", outage.system, min(outage.took, target), "s", "<", target, 1, failures=failures)


def complete_again(outage: Outage, target: float) -> None:
    """The first incident that needs the system was complete again sooner than the target says."""
    last = outage.after[-1] if outage.after else None
    instead = f"the last of {len(outage.after)} calls since: {told(last, became(last))}" if last else "nobody called it"
    assert outage.took < target, (
        f"Expected an incident to be complete again in less than {target:g} s after {outage.system} was back, but "
        + (f"it took {outage.took:.2f} s." if outage.by else f"none was ({instead}).")
    )


def became(call: Exchange) -> str:
    """What became of a call."""
    return f"answered {call.status}" if call.status else f"ended: {call.error}"


def was_met(outage: Outage) -> None:
    """Somebody called the system while it was down. Raises BedNotReady."""
    if not outage.met:
        raise BedNotReady(
            f"Expected a call to meet the outage of {outage.system}, but there was none, so that nothing is known "
            "about a recovery."
        )
