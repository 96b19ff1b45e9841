"""What the observability stack knows about an alert, and what can be claimed about the context on its ticket."""

from __future__ import annotations

import math
import random
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Literal
from urllib.parse import quote_plus

from steps.drivers.linear import Issue
from steps.drivers.loki import Loki
from steps.drivers.prometheus import Prometheus, QueryRefused
from steps.drivers.tempo import Span, Tempo
from steps.incident import graphs
from steps.incident.alert import Alert, Rule, make_alert, new_key
from steps.incident.incident import Incident
from steps.incident.issues import Issues, text_of
from steps.incident.numbers import Number, numbers_in
from steps.incident.remediation import Remediation, answered_well
from steps.incident.waiting import Waiting
from steps.incident.wording import TROUBLE, UNAVAILABLE, lines_about, names_another, says_one_of
from steps.world.journal import Journal

Kind = Literal["metrics", "logs", "traces"]
SUBJECTS: dict[Kind, re.Pattern[str]] = {
    "metrics": re.compile(
        r"(?<![a-z])(metrics?|prometheus(?![\W_]{1,3}(?:alert|rule|event|label|notification)))(?![a-z])", re.I
    ),
    "logs": re.compile(r"(?<![a-z])(logs?|loki)(?![a-z])", re.I),
    "traces": re.compile(r"(?<![a-z])(traces?|tracing|tempo)(?![a-z])", re.I),
}
"""The kinds of context on a ticket, and how it may name them. An alert of Prometheus is none."""

A_WHILE = timedelta(minutes=20)
"""So late may a notification come."""
LONG_BEFORE = timedelta(hours=3)
"""No window around an alert's start reaches back so far."""
FAILED = "the database did not answer"
"""The message of a span that failed."""
STOREFRONT = "storefront"
"""The service at which all requests arrive."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the observability stack knows about one alert."""

    value: float
    """What Prometheus has of the alert's series."""
    lines: tuple[str, ...] = field(default_factory=lambda: _lines(3))
    """What its pod has logged around its start, in any of its containers."""
    lines_before: tuple[str, ...] = field(default_factory=lambda: _lines(2))
    """What its pod had logged long before."""
    failed: str = field(default_factory=lambda: _trace_id())
    """The trace in which its service failed."""
    succeeded: tuple[str, ...] = field(default_factory=lambda: (_trace_id(), _trace_id()))
    """Traces of its service from the same time, in which nothing failed."""
    failed_before: str = field(default_factory=lambda: _trace_id())
    """A trace in which its service had failed long before."""


def known_alerts(key: str, own: dict[str, str]) -> list[Alert]:
    """The alert on a signal, and others that are much alike; one rule's expression finds the series of all of them.

    The others are that of another pod of the same service, and that of a pod of the same name elsewhere.
    """
    replica = own | {"pod": f"checkout-{new_key()}"}
    namesake = own | {"namespace": "till", "service": f"till-{key}"}
    rule = Rule(key, annotations={"summary": "A pod is overloaded", "description": "Its load is far above 80 percent."})
    alerts = [rule.alert(signal) for signal in (own, replica, namesake)]
    for alert in alerts:
        alert.source = f"http://prometheus.example.com/graph?g0.expr={quote_plus(f'{rule.expression} + 0')}&g0.tab=1"
    give_values(alerts)
    return alerts


def give_values(alerts: Sequence[Alert]) -> None:
    """Each alert's signal gets a value of its own, also when it is rounded to a whole number."""
    for alert, whole in zip(alerts, random.sample(range(83, 99), len(alerts)), strict=True):
        alert.value = whole + random.choice((0.12, 0.23, 0.31, 0.34, 0.41))


def teach(loki: Loki, tempo: Tempo, alerts: Sequence[Alert]) -> dict[str, Known]:
    """The stack comes to know of each of many alerts enough to recognise it by, at one stroke; what, by its mark."""
    known = {alert.mark: Known(alert.value) for alert in alerts}
    lines = (_at(known[alert.mark].lines, alert.starts_at - timedelta(seconds=10)) for alert in alerts)
    loki.push_all(zip(map(_stream, alerts), lines, strict=True))
    failed = (_trace(one, known[one.mark].failed, one.starts_at - timedelta(seconds=7), FAILED) for one in alerts)
    tempo.push(span for trace in failed for span in trace)
    return known


def unknown_alert() -> Alert:
    """An alert of whose series, pod and service nobody knows anything."""
    return make_alert(labels={"service": f"unheard-of-{new_key()}"})


class Observability:
    """Claims about the context on one incident's tickets. Each keeps its evidence, or raises AssertionError."""

    def __init__(
        self,
        prometheus: Callable[[], Prometheus],
        loki: Callable[[], Loki],
        tempo: Callable[[], Tempo],
        journal: Journal,
        waiting: Waiting,
        incident: Incident,
        issues: Issues,
        remediation: Remediation,
    ) -> None:
        self._prometheus = prometheus
        self._loki = loki
        self._tempo = tempo
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._issues = issues
        self._remediation = remediation
        self._known: list[tuple[Alert, Known]] = []

    # -- what the stack is told

    def tell(self, alert: Alert, *others: Alert) -> None:
        """The stack comes to know much about the alerts; nothing of one is true of another.

        Another pod of the same service has no traces, for nobody could tell them from the alert's own.
        """
        for one in (alert, *others):
            known = Known(one.value)
            self._known.append((one, known))
            self._loki().push(_stream(one), _at(known.lines_before, one.starts_at - LONG_BEFORE))
            *first, last = _at(known.lines, one.starts_at - timedelta(seconds=10))
            self._loki().push(_stream(one), first)
            self._loki().push(_stream(one) | {"container": "proxy"}, [last])
            if one is alert or one.labels["service"] != alert.labels["service"]:
                self._tempo().push(_traces(one, known))
            self._incident.saw(f"What is known about {one.pod} in {one.labels['namespace']}", as_text(known))

    def alike(self) -> list[Alert]:
        """The scenario's alert and others that are much alike, whose signals are raised when first asked for."""
        incident = self._incident
        if not incident.alike:
            (signal,) = incident.signals_of("checkout", service=f"checkout-{incident.key}")
            incident.alike = known_alerts(incident.key, signal)
            for alert in incident.alike:
                incident.set_signal(alert, alert.value)
        return incident.alike

    def measured(self, *alerts: Alert) -> None:
        """Prometheus holds the values of the alerts' series, also for who asks for the last whole second.

        Raises BedNotReady when it does not come to.
        """
        expected = sorted(alert.value for alert in alerts)

        def held() -> str:
            found = self._prometheus().series(graphs.expression_of(alerts[0].source) or "", at=math.floor(time.time()))
            values = sorted(series.value for series in found)
            assert values == expected, f"Expected Prometheus to hold the values {expected}, but it holds {values}."
            return "\n".join(
                f"{series.labels['pod']} in {series.labels['namespace']}: {series.value}" for series in found
            )

        self._incident.saw("What Prometheus itself answers", self._waiting.for_bed(held, "alert"))

    # -- what is claimed about a ticket

    def has(self, alert: Alert, *kinds: Kind) -> None:
        """The alert's ticket comes to have these kinds of context."""
        known, others = self._of(alert)
        for claim in (HAS[kind] for kind in kinds):
            self._issues.becomes(alert, partial(_held, claim, known, others))

    def has_no_other(self, alert: Alert, kind: Kind) -> None:
        """The alert's ticket has nothing of that kind which is not its own."""
        self._issues.quiet(alert)
        known, others = self._of(alert)
        issue = self._issues.becomes(alert, partial(_held, HAS_NO_OTHER[kind], known, others))

        def has_its_own() -> bool:
            HAS[kind](issue, known, others)
            return True

        self._incident.did_not_see(f"{kind} on {issue.identifier} that are not its own", control=has_its_own)

    def unavailable(self, alert: Alert, *kinds: Kind) -> None:
        """The alert's ticket comes to say that these kinds of context are unavailable.

        Who does not hold up the ticket for it may ask for as long as it likes before it gives a backend up.
        """
        for kind in kinds:
            self._issues.becomes(alert, partial(says_unavailable, kind=kind), "recovery")

    def empty(self, alert: Alert, kind: Kind) -> list[str]:
        """What the ticket says of a kind of context that there is none of; it does not call it unavailable."""
        self._issues.exactly_one(alert)
        issue = self._issues.becomes(alert, partial(not_unavailable, kind=kind))
        return statement(issue, alert, kind)

    def told_from_empty(self, alert: Alert, kind: Kind, before: list[str]) -> None:
        """The alert's ticket says something else than the ticket did that had nothing to say."""
        self._issues.quiet(alert)
        issue = self._issues.becomes(alert, partial(says_otherwise, alert=alert, kind=kind, before=before))
        self._incident.did_not_see("what the other ticket says", control=lambda: statement(issue, alert, kind))

    def handled_in_time(self, alert: Alert, limit: float) -> None:
        """The alert has its ticket and its remediation so many seconds after its event at the latest."""
        opened, called = self._issues.of(alert).created_at.timestamp(), self._remediation.call(alert).began
        delivered = self._delivered(alert)
        took = {"ticket": opened - delivered, "remediation": called - delivered}
        shown = "\n".join(f"{name}: {seconds:.2f} s" for name, seconds in took.items())
        self._incident.saw("From the event to the effect", shown)
        for name, seconds in took.items():
            assert seconds <= limit, (
                f"Expected {alert.called} to have its {name} within {limit:g} s, but it took {seconds:.2f} s."
            )

    def recovers(self, alerts: list[Alert], claim: Callable[[Issue], None]) -> None:
        """The incident of one of the alerts is complete: ticket, context, remediation, and what is claimed.

        They fire one after the other until it is, as an agent may leave alone for a while what has just failed it.
        Those before it may lack the metrics, and nothing else.
        """
        began, fired = self._journal.cursor(), 0
        # The last one fires when nobody may leave it alone any more.
        pause = self._waiting.limits.recovery / max(len(alerts) - 1, 1)

        def complete() -> Issue:
            nonlocal fired
            if fired < len(alerts) and self._journal.cursor() >= began + pause * fired:
                self._incident.fire(alerts[fired])
                fired += 1
            for alert in alerts[: fired - 1]:
                with suppress(AssertionError):
                    return self._complete(alert, claim)
            return self._complete(alerts[fired - 1], claim)

        self._issues.show(self._waiting.until(complete, "recovery"))
        for alert in alerts[:fired]:
            self.has(alert, "logs", "traces")
            self._remediation.succeeded(alert)
        self._incident.saw("From the end of the fault to full service", f"{self._journal.cursor() - began:.2f} s")

    def _complete(self, alert: Alert, claim: Callable[[Issue], None]) -> Issue:
        known, others = self._of(alert)
        found = self._issues.about(alert)
        assert found, f"Expected a ticket about {alert.called} after the recovery, but there is none."
        for has in HAS.values():
            has(found[0], known, others)
        claim(found[0])
        answered_well(self._remediation.calls(alert), alert)
        return found[0]

    def linked_graph(self, alert: Alert) -> None:
        """The alert's ticket links to a graph that shows its series around its start."""

        def linked(issue: Issue) -> None:
            found = graphs.graphs_in(issue)
            own = [graph for graph in found if self._yields(graph.expression, alert.value)]
            graphs.around(issue, own, found, alert.starts_at)

        self._issues.becomes(alert, linked)

    def _of(self, alert: Alert) -> tuple[Known, list[Known]]:
        """What is known about the alert, and what is known about others."""
        own = next(known for one, known in self._known if one is alert)
        return own, [known for _, known in self._known if known is not own]

    def _yields(self, expression: str, value: float) -> bool:
        try:
            return any(series.value == value for series in self._prometheus().series(expression))
        except QueryRefused:
            return False

    def _delivered(self, alert: Alert) -> float:
        """The journal's time when the alert's event was first delivered, be the delivery answered or not."""
        ended = self._journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)
        under_way = self._journal.in_flight(caller="broker", callee="agent-sre", mentioning=alert.mark)
        return min(said.began for said in ended + under_way)


# -- claims about single tickets: pure, each with its sentence


def states_value(issue: Issue, known: Known, others: list[Known]) -> None:
    """The ticket states the value of the alert's series, rounded at most so far that it is no other's."""
    instead = [other.value for other in others if _stated(issue, other, [])]
    assert _stated(issue, known, others), (
        f"Expected {issue.identifier} to state the value {known.value} of the alert's series, but it "
        + (f"states {instead[0]}, which is another's." if instead else "does not.")
    )


def states_no_other(issue: Issue, known: Known, others: list[Known]) -> None:
    """The ticket states the value of no other series; a whole number might be anything."""
    stated = [other.value for other in others if any(number.unit < 1 for number in _stated(issue, other, [known]))]
    assert not stated, (
        f"Expected {issue.identifier} to state the value of its own alert's series only, {known.value}, "
        f"but it states {stated[0]}, which is another's."
    )


def has_lines(issue: Issue, known: Known, others: list[Known]) -> None:
    """The ticket has every line that the alert's pod has logged around its start."""
    text = text_of(issue)
    missing = [line for line in known.lines if line not in text]
    instead = [line for other in others for line in other.lines if line in text]
    assert not missing, (
        f"Expected {issue.identifier} to have the {len(known.lines)} lines that the alert's pod has logged around its "
        f"start, but {len(missing)} are missing{', and it has lines of another pod' if instead else ''}."
    )


def has_no_other_lines(issue: Issue, known: Known, others: list[Known]) -> None:
    """The ticket has no line of another pod, and none from long before."""
    text = text_of(issue)
    strange = [line for other in others for line in (*other.lines, *other.lines_before) if line in text]
    assert not strange, f"Expected {issue.identifier} to have no line of another pod, but it has {strange[0]!r}."
    old = [line for line in known.lines_before if line in text]
    assert not old, (
        f"Expected {issue.identifier} to have log lines from around the alert's start only, "
        f"but it has one from {_hours(LONG_BEFORE)} before, {old[0]!r}."
    )


def names_trace(issue: Issue, known: Known, others: list[Known]) -> None:
    """The ticket names the trace in which the alert's service failed."""
    wrong = _wrong_traces(issue, known, others)
    assert known.failed in text_of(issue).lower(), (
        f"Expected {issue.identifier} to name the trace {known.failed} in which the alert's service failed, "
        f"but it names {wrong or 'none'}."
    )


def names_no_other_trace(issue: Issue, known: Known, others: list[Known]) -> None:
    """The ticket names no trace of another service, none without a failure and none from long before."""
    wrong = _wrong_traces(issue, known, others)
    assert not wrong, f"Expected {issue.identifier} to name only the trace that failed, but it names {wrong}."


Claim = Callable[[Issue, Known, list[Known]], None]
HAS: dict[Kind, Claim] = {"metrics": states_value, "logs": has_lines, "traces": names_trace}
"""What it means that a ticket has a kind of context."""
HAS_NO_OTHER: dict[Kind, Claim] = {
    "metrics": states_no_other,
    "logs": has_no_other_lines,
    "traces": names_no_other_trace,
}
"""What it means that a ticket has nothing of that kind which is not its own."""


def _held(claim: Claim, known: Known, others: list[Known], issue: Issue) -> None:
    claim(issue, known, others)


def says_unavailable(issue: Issue, kind: Kind) -> None:
    """The ticket says in some words that this kind of context is unavailable."""
    said = _lines_about(issue, kind)
    assert any(says_one_of(TROUBLE, line) for line in said), (
        f"Expected {issue.identifier} to say that the {kind} are unavailable, but of them it says "
        f"{repr(said[-1]) + ' only' if said else 'nothing'}."
    )


def not_unavailable(issue: Issue, kind: Kind) -> None:
    """The ticket does not call this kind of context unavailable."""
    called = [line for line in _lines_about(issue, kind) if says_one_of(UNAVAILABLE, line)]
    assert not called, (
        f"Expected {issue.identifier} not to call the {kind} unavailable, as there are just none of this alert, "
        f"but it says {called[0]!r}."
    )


def statement(issue: Issue, alert: Alert, kind: Kind) -> list[str]:
    """What the ticket says of this kind of context, without what only this alert's ticket can say."""
    said = "\n".join(_lines_about(issue, kind))
    for own in sorted((*alert.labels.values(), alert.mark, issue.id, issue.identifier), key=len, reverse=True):
        said = said.replace(own, "…")
    return [re.sub(r"[0-9]+", "0", line).strip() for line in said.splitlines()]


def says_otherwise(issue: Issue, alert: Alert, kind: Kind, before: list[str]) -> None:
    """The ticket says something else of this kind of context than the other ticket did."""
    now = statement(issue, alert, kind)
    assert now != before, (
        f"Expected {issue.identifier} to tell a query that cannot be executed from one that finds nothing, "
        f"but of the {kind} it says what the other ticket says: {' '.join(now) or 'nothing'!r}."
    )


def as_text(known: Known) -> str:
    """What is known, for a reader."""
    return "\n".join(
        [
            f"value of its series: {known.value}",
            *(f"line around its start: {line}" for line in known.lines),
            *(f"line from long before: {line}" for line in known.lines_before),
            f"trace that failed: {known.failed}",
            *(f"trace in which nothing failed: {trace}" for trace in known.succeeded),
            f"trace that failed long before: {known.failed_before}",
        ]
    )


def _lines_about(issue: Issue, kind: Kind) -> list[str]:
    """What the ticket says of this kind of context, line by line: not what it says of something else on the way."""
    subject = SUBJECTS[kind]
    return [line.strip() for line in lines_about(issue.texts, subject) if not names_another(line, subject)]


def _stated(issue: Issue, known: Known, others: list[Known]) -> list[Number]:
    """The numbers on the ticket that show the value, and could not be taken for one of the others.

    The alert speaks of per cent, and so may the ticket: the value is 87, and 87 % is the same.
    """
    value, not_ = Fraction(str(known.value)), frozenset(Fraction(str(other.value)) for other in others)
    written = (form for number in numbers_in(text_of(issue)) for form in {number, number.as_counted})
    return [number for number in written if number.shows(value, not_)]


def _wrong_traces(issue: Issue, known: Known, others: list[Known]) -> str:
    """The traces on the ticket that do not belong there, with the reason."""
    reasons = {
        **dict.fromkeys(known.succeeded, "in which nothing failed"),
        known.failed_before: f"which failed {_hours(LONG_BEFORE)} before",
        **{trace: "of another service" for other in others for trace in (other.failed, *other.succeeded)},
    }
    text = text_of(issue).lower()
    return " and ".join(f"{trace}, {reason}" for trace, reason in reasons.items() if trace in text)


# -- what the stack is told


def _stream(alert: Alert) -> dict[str, str]:
    """The labels of the log stream of the alert's pod, as a log collector gives them."""
    own = {name: alert.labels[name] for name in ("namespace", "pod", "service", "cluster")}
    return own | {"container": alert.labels["deployment"], "app": alert.labels["deployment"]}


def _at(lines: Iterable[str], start: datetime) -> list[tuple[float, str]]:
    return [(start.timestamp() + number, line) for number, line in enumerate(lines)]


def _traces(alert: Alert, known: Known) -> list[Span]:
    """The traces of the alert's service: the one that failed is neither the first nor the last of its time."""
    one, other = known.succeeded
    start = alert.starts_at
    return [
        *_trace(alert, known.failed_before, start - LONG_BEFORE, FAILED),
        *_trace(alert, one, start - timedelta(seconds=9)),
        *_trace(alert, known.failed, start - timedelta(seconds=7), FAILED),
        *_trace(alert, other, start - timedelta(seconds=5)),
    ]


def _trace(alert: Alert, trace_id: str, start: datetime, error: str | None = None) -> list[Span]:
    """A request that another service hands on to the alert's, whose statement in a database fails with the error."""
    page, request, statement = (secrets.token_hex(8) for _ in range(3))
    began, service = start.timestamp(), alert.labels["service"]
    pod = {"k8s.pod.name": alert.pod, "k8s.namespace.name": alert.labels["namespace"]}
    return [
        Span(trace_id, page, None, STOREFRONT, "GET /basket", began - 0.05, began + 0.45, error, {}, {}),
        Span(trace_id, request, page, service, "POST /orders", began, began + 0.4, error, {}, pod),
        Span(trace_id, statement, request, service, "INSERT orders", began + 0.05, began + 0.35, error, {}, pod),
    ]


def _lines(count: int) -> tuple[str, ...]:
    return tuple(f"order x{secrets.token_hex(6)} für Zoë is put off: the till is closed" for _ in range(count))


def _trace_id() -> str:
    """An id that nobody shortens: one without a zero at its beginning."""
    return random.choice("123456789abcdef") + secrets.token_hex(16)[1:]


def _hours(time: timedelta) -> str:
    return f"{time // timedelta(hours=1)} hours"
