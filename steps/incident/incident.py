"""The incident of one scenario: its alerts, its identity and the evidence that was seen of it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from steps.drivers.broker import Broker
from steps.drivers.slos import Objective
from steps.incident.alert import LOAD, LOWERED, Alert, Rule, make_alert, new_key
from steps.incident.events import Happening, event_about
from steps.incident.evidence import Evidence, Kind, transcripts
from steps.incident.measurement import Measurement
from steps.incident.underway import HOPS, Hop, Signalled
from steps.incident.vacuity import Absence, Observed
from steps.world.cluster.cloudevent import Event
from steps.world.earlier import Earlier
from steps.world.journal import OBSERVER, Exchange, Journal, Mark, names_incident
from steps.world.services.signals import Signals

ALERTS_AT_ONCE, EVERY = 3, 1.0
"""While alerts keep coming in: so many together, and so often (seconds) that some meet whatever happens meanwhile."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in the world while a scenario ran, for its timeline. Times are the journal's."""

    began: float
    ended: float
    about: list[Exchange]
    """What was said about the incident; an exchange that is under way still has no end yet."""
    beside: list[Exchange]
    """What was said meanwhile that names no incident at all, like a look at the on-call schedule."""
    marks: list[Mark]


@dataclass(slots=True)
class Incident:
    """What one scenario is about. Its key and its alerts' marks are found nowhere else in the world."""

    journal: Journal
    signals: Signals
    broker: Broker
    key: str = field(default_factory=new_key)
    began: float = 0.0
    """The journal's time when the scenario began."""
    earlier: Earlier | None = None
    """What there was before: a late call about that is its own scenario's, and says nothing about this one."""
    alerts: list[Alert] = field(default_factory=list)
    alike: list[Alert] = field(default_factory=list)
    """Its alert and others of the same rule that are much alike, once their signals are raised."""
    rule: Rule | None = None
    """The PrometheusRule that raises the alerts, in a scenario that enters there."""
    signalled: list[Signalled] = field(default_factory=list)
    """Of what its signals have shown, what agent-sre may not have been told yet."""
    ending: ExitStack = field(default_factory=ExitStack)
    """What has to be undone when the scenario ends, registered when it is done."""
    objectives: dict[str, Objective] = field(default_factory=dict)
    """What its services promise, and their counters, by the name of the service level objective."""
    pods: dict[str, str] = field(default_factory=dict)
    """The full names, which no other incident has, of the pods by what the scenario calls them ("checkout")."""
    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    seen: list[Evidence] = field(default_factory=list)
    """What the current step has observed; the environment hands it to the reports after each step."""
    measurements: list[Measurement] = field(default_factory=list)
    """What the current step has measured, handed over with it."""
    denied: list[Absence] = field(default_factory=list)
    """What the current step claims not to be there."""
    absences: list[Absence] = field(default_factory=list)
    """What the scenario's steps so far claim not to be there."""

    # -- its alerts

    @property
    def alert(self) -> Alert:
        """The alert of a scenario that has one, the first of several."""
        return self.alerts_or_new()[0]

    def alerts_or_new(self, count: int = 1) -> list[Alert]:
        """The scenario's alerts; that many of their own kind when no step has said what they are."""
        if not self.alerts:
            self.alerts = [make_alert() for _ in range(count)]
        return self.alerts

    def adopt(self, alert: Alert) -> Alert:
        """From now on the scenario is about this alert, and only about this one."""
        self.alerts = [alert]
        return alert

    def alert_of(self, pod: str) -> Alert:
        """The alert of the pod that the scenario calls so ("checkout")."""
        return next(alert for alert in self.alerts if alert.pod == self.pods[pod])

    def signals_of(self, *pods: str, service: str = "shop") -> list[dict[str, str]]:
        """The labels of one signal for each pod, all of one service."""
        for pod in pods:
            self.pods.setdefault(pod, f"{pod}-{self.key if len(pods) == 1 else new_key()}")
        shared = {"incident": self.key, "namespace": "shop", "service": service, "cluster": "acceptance"}
        return [shared | {"pod": self.pods[pod], "deployment": pod} for pod in pods]

    @property
    def slo(self) -> str:
        """Name of the service level objective of the scenario's service."""
        return self.slo_of("checkout")

    def slo_of(self, service: str) -> str:
        """Name of the service level objective of that service of the scenario."""
        return f"{service}-{self.key}"

    @property
    def function(self) -> str:
        """Name of the scenario's own LambdaFunction.

        What fails in one scenario must not open the circuit breaker that another scenario's function stands behind.
        """
        return f"repair-{self.key}"

    @property
    def traceparent(self) -> str:
        """The trace within which the scenario's alert is notified (W3C trace context)."""
        return f"00-{self.trace_id}-{self.trace_id[:16]}-01"

    def own(self, made: Iterable[Exchange]) -> list[Exchange]:
        """Without what is about an earlier scenario's alerts and issues."""
        return [one for one in made if not (self.earlier and self.earlier.is_about(one))]

    # -- what is done to it

    def fire(self, *alerts: Alert) -> None:
        """The alerts fire: at their signals when the scenario has a rule, else as events at the broker."""
        self._happen("fired", alerts)

    def fire_beside(self, alert: Alert) -> None:
        """One more alert fires that the scenario is not about: its event shows what the agent does otherwise."""
        self.broker.publish(event_about(alert, "fired", self.correlation_id))

    def resolve(self, *alerts: Alert) -> None:
        """The alerts resolve, at the same door."""
        self._happen("resolved", alerts)

    def keep_firing(self) -> None:
        """From now on alerts fire, each of its own, until `stop_firing` or the scenario's end."""
        self.alerts = []

        def event() -> Event:
            self.alerts.append(make_alert(labels={"incident": self.key}))
            return event_about(self.alerts[-1], "fired", self.correlation_id)

        self.ending.callback(self.broker.keep_publishing(event, ALERTS_AT_ONCE, EVERY))

    def stop_firing(self) -> None:
        """The last alert has fired."""
        self.ending.close()

    def end(self) -> None:
        """What has to be undone is; so the signals fall, and the alerts that fire still will resolve."""
        self.ending.close()
        fired = [Signalled(alert, "fired", self.began) for alert in self.alerts if self.rule]
        firing = [one.alert for one in fired if one.next_hop(self.journal) != "notification"]
        self.signalled = [Signalled(alert, "resolved", self.began) for alert in firing]

    def _happen(self, happening: Happening, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            if self.rule:
                self.signalled.append(Signalled(alert, happening, self.journal.cursor()))
                self.set_signal(alert, alert.value if happening == "fired" else LOWERED)
            else:
                self.broker.publish(event_about(alert, happening, self.correlation_id))

    def next_hop(self) -> Hop | None:
        """What has to come to be before agent-sre is told all that its signals have shown."""
        hops = [(signalled, signalled.next_hop(self.journal)) for signalled in self.signalled]
        self.signalled = [signalled for signalled, hop in hops if hop]
        return min((hop for _, hop in hops if hop), key=HOPS.index, default=None)

    def set_signal(self, alert: Alert, value: float) -> None:
        """The signal of the alert shows this value from now on."""
        self.signals.raise_(LOAD, alert.signal, value)
        self.ending.callback(self.signals.forget, LOAD, alert.signal)

    # -- what is seen of it

    def saw(self, title: str, content: str, kind: Kind = "text", made_by: Iterable[Exchange] = ()) -> None:
        """Keeps an observation as evidence, with every planted credential blotted out.

        `made_by` are the exchanges that it shows, or that brought it about: the timeline marks them.
        """
        numbers = tuple(exchange.number for exchange in made_by)
        self.seen.append(Evidence(title, self.journal.redact(content), kind, numbers))

    def saw_exchanges(self, title: str, exchanges: list[Exchange]) -> None:
        """Keeps requests and what came of them as evidence."""
        self.saw(f"{title} ({len(exchanges)})", transcripts(exchanges), "http", made_by=exchanges)

    def saw_everything(self, most: int) -> None:
        """Keeps the last exchanges about the incident as evidence: what there is to look at when a claim has failed."""
        said = self.exchanges()[-most:]
        self.saw(f"Everything that was said about the incident ({len(said)})", transcripts(said), "http")

    def measured(self, *measurements: Measurement) -> None:
        """Keeps measurements of the ticket's success metrics, with every planted credential blotted out."""
        redact = self.journal.redact
        self.measurements += [replace(one, failures=tuple(map(redact, one.failures))) for one in measurements]

    def did_not_see(self, what: str, control: Callable[[], object]) -> None:
        """Every claim that something is not there says so here, in whatever way it looks for it.

        `control` returns what was seen of the kind in this scenario, on the same channel, by then or at the scenario's
        end: it shows that the thing would have been seen (see steps.incident.vacuity).
        """
        self.denied.append(Absence(what, control))

    def end_step(self) -> Observed:
        """What the current step has observed; the next one begins with nothing."""
        observed = Observed(self.seen, self.denied, self.measurements)
        self.absences += self.denied
        self.seen, self.denied, self.measurements = [], [], []
        return observed

    def correlation_ids(self) -> list[str]:
        """The alert's correlation id, and those under which the agent answers that it handles it.

        Whether they are one is the question of AC2.4 alone.
        """
        marks = [alert.mark for alert in self.alerts]
        delivered = self.journal.exchanges(caller="broker", callee="agent-sre", mentioning=marks, since=self.began)
        answered = {found for said in delivered if (found := _answered_id(said))}
        return [self.correlation_id, *sorted(answered - {self.correlation_id})]

    def answered_by(self, party: str) -> list[Exchange]:
        """The agent's calls to that party which were answered since the scenario began, whatever they are about.

        One that an earlier alert had begun meets what the scenario has arranged there as well, and may alone do so.
        """
        made = self.journal.exchanges(caller="agent-sre", callee=party)
        return [call for call in made if call.ended >= self.began]

    def exchanges(self) -> list[Exchange]:
        """Everything that was said about this incident's alerts so far, in order."""
        return self.journal.exchanges(mentioning=self.words(), since=self.began)

    def course(self) -> Course:
        """What has happened since the scenario began; nothing, if the agent could not be set up for it."""
        ended = self.journal.cursor()
        began = self.began or ended
        said = self.journal.exchanges(since=began)
        about = self.journal.exchanges(mentioning=self.words(), since=began)
        return Course(
            began=began,
            ended=ended,
            about=about + self.journal.in_flight(mentioning=self.words(), since=began),
            beside=[one for one in said if one.caller != OBSERVER and not names_incident(one)],
            marks=[mark for mark in self.journal.marks() if mark.until is None or mark.until >= began],
        )

    def words(self) -> list[str]:
        """The words by which the incident is known."""
        return [self.key, self.correlation_id, *(alert.mark for alert in self.alerts)]


def _answered_id(delivery: Exchange) -> str | None:
    """The correlation id in the agent's answer to an event (CONTRACTS §10.1), if it gives one."""
    try:
        answer = delivery.response_json()
    except ValueError:
        return None
    found = answer.get("correlation_id") if isinstance(answer, dict) else None
    return found if isinstance(found, str) and found else None
