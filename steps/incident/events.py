"""What can be claimed about CloudEvents: at the broker, where prometheus-events leaves them, and at the agent."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Literal

from steps.incident.alert import Alert
from steps.incident.notification import RECEIVER, Status, common, holds, rfc3339
from steps.incident.waiting import BedNotReady, LimitName, Waiting
from steps.world.cluster.cloudevent import JSON_TYPE, Event, EventError, decode, text_of
from steps.world.journal import Exchange, Journal

if TYPE_CHECKING:
    from steps.incident.incident import Incident

FIRED = "io.homelab.prometheus.alert.fired"
RESOLVED = "io.homelab.prometheus.alert.resolved"
REMEDIATION = "io.homelab.agent-sre.remediation.request"
"""Type of the event with which agent-sre calls a LambdaFunction (CONTRACTS §10.1)."""
LOOKS = 7
"""So many series of attempts at most show whether the pauses between them grow, be they drawn by chance by ± 30 %, as
vendors advise (CONTRACTS §2): of two such pauses alone every seventh pair does not show that they are doubled."""
NEARLY = 0.9
"""So much of the growth that is agreed on has to show: what a call takes beside its pause evens short pauses out."""
Happening = Literal["fired", "resolved"]
TYPES: dict[Happening, str] = {"fired": FIRED, "resolved": RESOLVED}
STATUS: dict[Happening, Status] = {"fired": "firing", "resolved": "resolved"}

REQUIRED = ("specversion", "id", "source", "type")
"""What an event cannot do without (CONTRACTS §6.1)."""
URI_REFERENCE = re.compile(r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$")


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt to hand an event over, with the exchange that shows it."""

    event: Event
    exchange: Exchange

    @property
    def taken(self) -> bool:
        """Whether the receiver took the event."""
        return self.exchange.status is not None and 200 <= self.exchange.status < 300

    @property
    def answer(self) -> str:
        """What came of the attempt, in a few words."""
        return str(self.exchange.status or self.exchange.error)

    @property
    def identity(self) -> tuple[str, str]:
        """Source and id: what makes two attempts the same event (CONTRACTS §6.1)."""
        return self.event.source, self.event.id


def event_about(alert: Alert, happening: Happening, correlation_id: str) -> Event:
    """The event that prometheus-events would send (CONTRACTS §10.2), for scenarios that enter at the agent."""
    now = rfc3339(datetime.now().astimezone())
    data: dict[str, Any] = {
        "alertname": alert.name,
        "status": STATUS[happening],
        "severity": alert.severity or "unknown",
        "labels": alert.labels,
        "annotations": alert.annotations,
        "commonLabels": alert.labels,
        "commonAnnotations": alert.annotations,
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": now if happening == "resolved" else None,
        "generatorURL": alert.source,
        "receiver": RECEIVER,
        "version": "4",
    }
    return Event.of(
        TYPES[happening],
        f"prometheus/alertmanager/{RECEIVER}",
        data,
        subject=alert.name,
        correlationid=correlation_id,
    )


class Events:
    """Claims about the events of one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(self, journal: Journal, waiting: Waiting, incident: Incident) -> None:
        self._journal = journal
        self._waiting = waiting
        self._incident = incident

    # -- what was seen

    def at_broker(self, alert: Alert, happening: Happening | None = None) -> list[Sent]:
        """Every attempt of prometheus-events to hand an event of the alert to the broker, in order."""
        return self._sent("prometheus-events", "broker", alert, happening)

    def at_agent(self, alert: Alert, happening: Happening | None = None) -> list[Sent]:
        """Every attempt of the broker to deliver an event of the alert to agent-sre, in order."""
        return self._sent("broker", "agent-sre", alert, happening)

    def tried_again(self, alert: Alert, happening: Happening) -> bool:
        """Whether agent-sre took the event at a later try only: a broker that tries again keeps no order (ruling 9)."""

        def taken() -> bool:
            tries = self.at_agent(alert, happening)
            assert any(one.taken for one in tries), (
                f"Expected agent-sre to take the {happening} event of {alert.called}, "
                f"but what came of it is {', '.join(one.answer for one in tries) or 'nothing yet'}."
            )
            return not tries[0].taken

        return self._waiting.until(taken, "recovery")

    def notifications(self, alert: Alert, happening: Happening) -> list[Exchange]:
        """Every notification of Alertmanager that holds the alert in that state, whatever became of it."""
        said = self._journal.exchanges(caller="alertmanager", callee="prometheus-events", mentioning=alert.mark)
        return [exchange for exchange in said if holds(exchange, alert, STATUS[happening])]

    # -- what is claimed

    def notified(self, alert: Alert, happening: Happening, times: int) -> None:
        """Alertmanager notifies prometheus-events of the alert that often in all."""

        def said() -> list[Exchange]:
            seen = self.notifications(alert, happening)
            assert len(seen) >= times, (
                f"Expected {times} notifications of {alert.called}, but Alertmanager sent {len(seen)}."
            )
            return seen

        self._incident.saw_exchanges("Alertmanager's notifications", self._waiting.for_bed(said, "notification"))

    def notified_in_other_words(self, alert: Alert) -> None:
        """Alertmanager notifies prometheus-events of the alert with other annotations than before."""

        def said() -> list[Exchange]:
            seen = self.notifications(alert, "fired")
            texts = [_told_of(alert, one)["annotations"] for one in seen]
            assert any(text != texts[0] for text in texts), (
                f"Expected a notification of {alert.called} with other annotations, but of {len(seen)} none has them."
            )
            return seen

        self._incident.saw_exchanges("Alertmanager's notifications", self._waiting.for_bed(said, "notification"))

    def one_for_each_notification(self, alert: Alert, happening: Happening, notified: int = 1) -> Sent:
        """Exactly one event of the alert reaches the agent for each time that Alertmanager notified of it.

        `notified` is how often at least; Alertmanager repeats itself when it feels like it. Returns the last event.
        """
        self.notified(alert, happening, notified)
        self._waiting.until(lambda: self._arrived(alert, happening, notified), "event")
        self.quiet(alert)
        arrived = self._arrived(alert, happening, notified)
        taken = [said for said in self.notifications(alert, happening) if said.status and said.status < 300]
        ids = {sent.identity for sent in arrived}
        self._incident.saw_exchanges(f"The {happening} event of {alert.called}", [sent.exchange for sent in arrived])
        assert len(ids) == len(taken), (
            f"Expected one {happening} event of {alert.called} for each of Alertmanager's {len(taken)} "
            f"notifications, but {len(ids)} different events reached agent-sre."
        )
        return arrived[-1]

    def none(self, alert: Alert, happening: Happening) -> None:
        """No such event of the alert reached the broker or the agent."""
        self.quiet(alert)
        seen = self.at_broker(alert, happening) + self.at_agent(alert, happening)
        what = f"a {happening} event of {alert.called}"
        self._incident.did_not_see(what, control=lambda: self._of_this_scenario(happening))
        self._incident.saw(
            f"No {happening} event of {alert.called}", f"{len(seen)} seen at the broker and at agent-sre"
        )
        assert not seen, f"Expected no {happening} event of {alert.called}, but prometheus-events sent {len(seen)}."

    def all_at_broker(self, alerts: Iterable[Alert], happening: Happening, limit: LimitName = "event") -> list[Sent]:
        """The first event of each alert that the broker took."""
        wanted = list(alerts)

        def arrived() -> list[Sent]:
            taken = {alert.mark: [s for s in self.at_broker(alert, happening) if s.taken] for alert in wanted}
            missing = [alert for alert in wanted if not taken[alert.mark]]
            assert not missing, (
                f"Expected a {happening} event of {missing[0].called} at the broker, but none was taken"
                f"{self._nearest(missing[0], happening)}"
                + (f" {len(missing) - 1} other alerts miss theirs, too." if len(missing) > 1 else "")
            )
            return [events[0] for events in taken.values()]

        found = self._waiting.until(arrived, limit)
        self._incident.saw_exchanges(f"The {happening} events at the broker", [sent.exchange for sent in found])
        return found

    def first_at_broker(self, alert: Alert) -> Sent:
        """The first event of the alert that the broker took, whatever it says."""

        def arrived() -> Sent:
            taken = [sent for sent in self.at_broker(alert) if sent.taken]
            assert taken, (
                f"Expected an event of {alert.called} at the broker, but none came{self._nearest(alert, 'fired')}"
            )
            return taken[0]

        sent = self._waiting.until(arrived, "event")
        self._incident.saw_exchanges("The event at the broker", [sent.exchange])
        return sent

    def tried(self, alert: Alert, happening: Happening, times: int = 1) -> list[Sent]:
        """prometheus-events tries that often to hand the event over."""

        def attempts() -> list[Sent]:
            made = self.at_broker(alert, happening)
            assert len(made) >= times, (
                f"Expected prometheus-events to try {times} times to deliver the event of {alert.called}, "
                f"but it tried {len(made)} times."
            )
            return made

        return self._waiting.until(attempts, "recovery")

    def one_tried(self, alerts: list[Alert], happening: Happening, times: int) -> None:
        """prometheus-events tries that often to hand one of the events over: it may send one after the other."""

        def attempts() -> None:
            most = max(len(self.at_broker(alert, happening)) for alert in alerts)
            assert most >= times, (
                f"Expected prometheus-events to try {times} times to deliver one of {len(alerts)} events, "
                f"but it tried none of them more than {most} times."
            )

        self._waiting.until(attempts, "recovery")

    def outlasted(self, alert: Alert, happening: Happening, tries: int) -> None:
        """Lets the broker fail for longer than so many attempts to hand the event over, if they come in time.

        Whose pauses grow from a second on has not made so many before a recovery has to be over. Who has promised the
        event, by a 2xx answer to Alertmanager, is not notified of it again, and so has to outlast half a recovery at
        least: a pause that is doubled each time is by then no longer than the outage.
        """
        ends = self._journal.cursor() + self._waiting.limits.recovery / 2

        def met() -> list[Sent]:
            promised = any(said.status and said.status < 300 for said in self.notifications(alert, happening))
            return [] if promised and self._journal.cursor() < ends else self.at_broker(alert, happening)

        self._waiting.long_outage(met, tries + 1)

    def let_overtake(self, alert: Alert) -> None:
        """Lets the broker fail the alert's fired event until the resolved one could have overtaken it.

        Alertmanager notifies of the end once the notification of the beginning is taken. Who takes that at once is told
        of the end while the fired event fails, which has to fail twice more then, so that the resolved event was
        in time. Who takes it only when the broker has the event is not told before the broker recovers: the fired event
        has failed twice more then, too, so that who goes on without it would have been told.
        """

        def met() -> list[Sent]:
            tried, ended = self.at_broker(alert, "fired"), self._told(alert, "resolved")
            if ended:
                return [sent for sent in tried if sent.exchange.began >= ended[0]]
            promised = any(said.status and said.status < 300 for said in self.notifications(alert, "fired"))
            return [] if promised else tried[1:]

        self._waiting.long_outage(met, times=2)

    def given_up(self, alerts: Sequence[Alert], happening: Happening) -> None:
        """Lets the broker hang until one of the events was tried in vain: the sender has waited no longer.

        Or at the latest for the limit of a recovery: how long it waits is its own.
        """

        def unanswered() -> list[Sent]:
            made = [sent for alert in alerts for sent in self.at_broker(alert, happening)]
            return [sent for sent in made if sent.exchange.status is None]

        self._waiting.long_outage(unanswered, times=1)

    def left_alone(self, alert: Alert, happening: Happening) -> None:
        """The broker was not called again for the alert before the time that it had asked for.

        Attempts after another notification are Alertmanager's (ruling 10), who knows nothing of that time. Raises
        BedNotReady when the broker has not asked for any.
        """
        made = self.at_broker(alert, happening)
        self._incident.saw_exchanges("Attempts to deliver the event", [sent.exchange for sent in made])
        self._incident.did_not_see("an attempt before the broker wants one", control=lambda: made)
        rounds = in_rounds(made, self._told(alert, happening))
        if not any(asks_for_time(sent) for sent in made):
            raise BedNotReady(f"The broker was to ask for time at the event of {alert.called}, but it has not.")
        for attempts in rounds:
            not_called_before_asked(attempts)

    def not_tried_again(self, alert: Alert, happening: Happening) -> None:
        """The event was sent once for each notification, and not again after the broker had rejected it.

        That Alertmanager is told of the rejection, and notifies again, is prometheus-events' good right (CONTRACTS
        §12, ruling 10). Raises BedNotReady when the broker has not rejected the event.
        """
        self._waiting.pass_time(self.at_broker(alert, happening)[0].exchange.ended + self._waiting.limits.again)
        self.quiet(alert)
        made, notified = self.at_broker(alert, happening), self.notifications(alert, happening)
        if any(sent.taken for sent in made):
            raise BedNotReady(f"The broker was to reject the event of {alert.called}, but it has taken it.")
        self._incident.saw_exchanges("Attempts to deliver the event", [sent.exchange for sent in made])
        self._incident.saw_exchanges("Alertmanager's notifications", notified)
        assert len(made) <= len(notified), (
            f"Expected the event of {alert.called} to be sent once for each of {len(notified)} notifications, "
            f"as the broker rejects it as invalid, but it was sent {len(made)} times."
        )

    def same_id(self, alert: Alert, happening: Happening) -> None:
        """Every attempt to hand the alert's event over carried the same id, as often as Alertmanager notified of it."""
        made = self.at_broker(alert, happening)
        self._incident.saw_exchanges("Attempts to deliver the event", [sent.exchange for sent in made])
        for attempts in in_rounds(made, self._told(alert, happening)):
            same_id(attempts)

    def growing_pauses(
        self, alerts: list[Alert], happening: Happening, growth: float, again: Callable[[], Alert]
    ) -> None:
        """The pauses between the attempts to hand an event over grow, whichever of the alerts' it is.

        Who sends one event after the other may have tried the first of them alone. `again` lets the broker fail once
        more in the same way, for an alert that it returns.
        """
        tried = {alert.mark: self.at_broker(alert, happening) for alert in alerts}
        enough = [alert for alert in alerts if len(tried[alert.mark]) >= 3]
        assert enough, (
            f"Expected at least three attempts to deliver an event, to compare their pauses, "
            f"but of {len(alerts)} events none was tried so often."
        )
        for alert in enough:
            shown = ", ".join(f"{pause:.2f} s" for pause in pauses_between(tried[alert.mark]))
            self._incident.saw(f"Pauses between the attempts for {alert.called}", shown)

        def looks(pauses: list[float]) -> Iterator[list[float]]:
            yield pauses
            for _ in range(1, LOOKS):
                yield from self._pauses(again(), happening)

        for alert in enough:
            for pauses in self._pauses(alert, happening):
                growing_at_last(looks(pauses), growth)

    def _pauses(self, alert: Alert, happening: Happening) -> list[list[float]]:
        """The pauses between the attempts, anew with each notification after which there were three of them.

        An attempt or two for each make no pauses to compare: between notifications they are Alertmanager's.
        """
        rounds = in_rounds(self.at_broker(alert, happening), self._told(alert, happening))
        return [pauses_between(made) for made in rounds if len(made) >= 3]

    def _told(self, alert: Alert, happening: Happening) -> list[float]:
        """When Alertmanager's notifications of the alert in that state began, also those under way. Journal's times.

        One that ends meanwhile counts twice rather than not at all.
        """
        said = self._journal.in_flight(caller="alertmanager", callee="prometheus-events", mentioning=alert.mark)
        under_way = [notification for notification in said if holds(notification, alert, STATUS[happening])]
        return sorted(notification.began for notification in (*under_way, *self.notifications(alert, happening)))

    def group_of(self, alert: Alert) -> list[dict[str, str]]:
        """The labels of all alerts in the last notification that held this one: its group."""
        return [one["labels"] for one in self.notifications(alert, "fired")[-1].request_json()["alerts"]]

    def told_resolved(self, alert: Alert) -> dict[str, Any]:
        """The resolved alert as Alertmanager's last notification has it, which is answered when its events are sent."""
        self.notified(alert, "resolved", times=1)
        return _told_of(alert, self.notifications(alert, "resolved")[-1])

    def taken(self, alert: Alert, happening: Happening) -> None:
        """agent-sre has taken an event that says so. Waits until it has."""
        self._waiting.until(lambda: self._arrived(alert, happening, 1), "event")

    def quiet(self, alert: Alert) -> None:
        """Returns once nothing is under way any more about the alert between Alertmanager and the agent's door."""

        hops = ("alertmanager", "prometheus-events", "broker")

        def moved() -> float | None:
            if any(self._journal.in_flight(caller=hop, mentioning=alert.mark) for hop in hops):
                return None
            said = self._journal.exchanges(mentioning=alert.mark)
            return max((exchange.ended for exchange in said if exchange.caller in hops), default=0.0)

        self._waiting.quiet(moved)

    def _arrived(self, alert: Alert, happening: Happening, at_least: int) -> list[Sent]:
        attempts = self.at_agent(alert, happening)
        arrived = [sent for sent in attempts if sent.taken]
        count = len({sent.identity for sent in arrived})
        assert count >= at_least, (
            f"Expected a {happening} event of {alert.called} at agent-sre, but {count} of {at_least} arrived"
            f"{self._whereabouts(alert, happening, attempts)}"
        )
        return arrived

    def _whereabouts(self, alert: Alert, happening: Happening, attempts: list[Sent]) -> str:
        """How far the alert came instead: the nearest miss."""
        if attempts:
            last = attempts[-1]
            return f": agent-sre answered the last delivery with {last.answer}."
        if self.at_broker(alert, happening):
            return ": prometheus-events sent it, but the broker did not deliver it."
        if self.at_broker(alert) or self._no_events(alert):
            return self._nearest(alert, happening)
        if self.notifications(alert, happening):
            return ": Alertmanager notified prometheus-events, which sent nothing to the broker."
        return ": Alertmanager did not notify prometheus-events of it."

    def _nearest(self, alert: Alert, happening: Happening) -> str:
        """What the broker was offered of the alert instead."""
        if refused := self._no_events(alert):
            return f": what prometheus-events sent is no CloudEvent. {refused[0]}"
        offered = self.at_broker(alert)
        tries = [sent for sent in offered if sent.event.type == TYPES[happening]]
        if tries:
            return f": prometheus-events tried {len(tries)} times, the last time it was answered {tries[-1].answer}."
        if offered:
            return f": prometheus-events sent only {', '.join(sorted({sent.event.type for sent in offered}))}."
        return ": prometheus-events sent nothing."

    def _no_events(self, alert: Alert) -> list[str]:
        """Why what prometheus-events sent about the alert is no CloudEvent, for each attempt that is none."""
        reasons = []
        offered = self._journal.exchanges(caller="prometheus-events", callee="broker", mentioning=alert.mark)
        for exchange in offered:
            try:
                decode(exchange.request_headers, exchange.request_body)
            except EventError as error:
                reasons.append(str(error))
        return reasons

    def _of_this_scenario(self, happening: Happening) -> list[Exchange]:
        """What prometheus-events has sent to the broker of that kind, about whatever alert."""
        offered = self._journal.exchanges(caller="prometheus-events", callee="broker", since=self._incident.began)
        return [said for said in offered if TYPES[happening] in f"{said.header('ce-type')} {said.request_text}"]

    def _sent(self, caller: str, callee: str, alert: Alert, happening: Happening | None) -> list[Sent]:
        sent = []
        for exchange in self._journal.exchanges(caller=caller, callee=callee, mentioning=alert.mark):
            try:
                event = decode(exchange.request_headers, exchange.request_body)
            except EventError:
                continue
            if _is_about(event, alert) and (happening is None or event.type == TYPES[happening]):
                sent.append(Sent(event, exchange))
        return sent


def _is_about(event: Event, alert: Alert) -> bool:
    """Whether the event, which mentions the alert, is about no other one, as far as its data tell that."""
    try:
        data = event.data_json()
    except EventError:
        return True
    labels = data.get("labels") if isinstance(data, dict) else None
    return not isinstance(labels, dict) or labels.get("pod") in (None, alert.pod)


def _told_of(alert: Alert, said: Exchange) -> dict[str, Any]:
    """The alert as a notification has it."""
    told: dict[str, Any] = next(one for one in said.request_json()["alerts"] if one["labels"] == alert.labels)
    return told


# -- claims about single events: pure, each with its sentence


def attribute(sent: Sent, name: str, expected: str) -> None:
    """One attribute of the event, `data` included: a value, or in words what it has to be (CONTRACTS §6.1)."""
    if name == "data":
        _data(sent)
        return
    seen = said(sent, name)
    assert seen is not None, (
        f"Expected the event to have the attribute {name!r}, but it has {sorted(sent.event.attributes)}."
    )
    holds = _WORDS[expected](seen) if expected in _WORDS else seen == expected
    assert holds, f"Expected the event's {name} to be {expected!r}, but it is {seen!r}."
    if expected == "is the RFC 3339 time of the alert":
        off = datetime.fromisoformat(seen).timestamp() - sent.exchange.began
        assert abs(off) <= AROUND, (
            f"Expected the event's {name} to be that of its alert, but {seen} is {off:.0f} s off."
        )


def said(sent: Sent, name: str) -> str | None:
    """An attribute of the event as text, None when the event does not have it."""
    value = sent.event.attributes.get(name)
    return None if value is None else text_of(value)


def _is_time(text: str) -> bool:
    return bool(_RFC_3339.match(text))


_RFC_3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
_WORDS: dict[str, Callable[[str], bool]] = {
    "is not empty": bool,
    "is a URI reference": lambda text: bool(URI_REFERENCE.match(text)),
    "is the type of a fired alert": lambda text: text == FIRED,
    "is the type of a remediation event": lambda text: text == REMEDIATION,
    "is the RFC 3339 time of the alert": _is_time,
    "is JSON": lambda text: bool(JSON_TYPE.fullmatch(text)),
}
AROUND = 60
"""Seconds that the time of an event may lie before or after the event is sent, about an alert of now."""


def _data(sent: Sent) -> dict[str, Any]:
    try:
        data = sent.event.data_json()
    except ValueError as error:
        raise AssertionError(f"Expected the event's data to be JSON, but it is not: {error}.") from error
    shown = _short(json.dumps(data, ensure_ascii=False))
    assert isinstance(data, dict), f"Expected the event's data to be a JSON object, but it is {shown}."
    return data


def accepted_by_sdk(sent: Sent) -> None:
    """The CloudEvents SDK reads the event in the mode in which it was sent."""
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event

    try:
        from_http_event(HTTPMessage(dict(sent.exchange.request_headers), _without_unset(sent.exchange)))
    except Exception as error:
        raise AssertionError(f"Expected the CloudEvents SDK to accept the event, but it says: {error}.") from error


def _without_unset(exchange: Exchange) -> bytes:
    """The request's body, in structured mode without the optional attributes that are null.

    They are unset (CloudEvents' JSON format, 2.2), but the SDK refuses them.
    """
    if exchange.header("ce-specversion"):
        return exchange.request_body
    content = json.loads(exchange.request_body)
    there = {name: value for name, value in content.items() if name in REQUIRED or value is not None}
    return json.dumps(there).encode()


def carries(sent: Sent, alert: Alert) -> None:
    """The event's data has every label and annotation of the alert, letter by letter, and no other."""
    data = _data(sent)
    for name, expected in (("labels", alert.labels), ("annotations", alert.annotations)):
        seen = data.get(name)
        assert isinstance(seen, dict), f"Expected the event of {alert.called} to carry {name}, but it carries {seen!r}."
        for key in sorted(expected.keys() | seen.keys()):
            assert seen.get(key) == expected.get(key), (
                f"Expected {name[:-1]} {key!r} of {alert.called} to arrive as {_short(expected.get(key))}, "
                f"but the event has {_short(seen.get(key))}."
            )


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return repr(text) if len(text) <= 80 else f"{text[:60]!r}… ({len(text)} characters)"


def carries_common_labels(sent: Sent, group: list[dict[str, str]]) -> None:
    """The event's commonLabels are what the alerts of its own group have in common."""
    expected, seen = common(group), _data(sent).get("commonLabels")
    assert seen == expected, f"Expected the event to carry its group's labels {expected}, but it carries {seen}."


def data_field(sent: Sent, alert: Alert, name: str, group: Sequence[Alert]) -> None:
    """One field of the event's data is there, of the right type, true to the alert and its group (CONTRACTS §10.2)."""
    data = _data(sent)
    assert name in data, f"Expected the event's data to have the field {name!r}, but it has {sorted(data)}."
    seen = data[name]
    if name == "startsAt":
        assert _is_time(str(seen)) and datetime.fromisoformat(seen) == datetime.fromisoformat(
            rfc3339(alert.starts_at)
        ), f"Expected startsAt to be {rfc3339(alert.starts_at)}, but it is {seen!r}."
    elif name == "endsAt":
        assert seen is None or _is_time(str(seen)), f"Expected endsAt to be a time or nothing, but it is {seen!r}."
    else:
        expected = _fields(alert, group)[name]
        assert seen == expected, f"Expected the field {name!r} to be {expected!r}, but it is {seen!r}."


def has_own_severity(sent: Sent, alert: Alert) -> None:
    """The severity in the event's data is the alert's; one that has none may be called anything but critical."""
    seen = _data(sent).get("severity")
    holds = seen == alert.severity if alert.severity else str(seen).casefold() != "critical"
    wanted = f"have the severity {alert.severity!r}" if alert.severity else "leave the severity open"
    assert holds, f"Expected the event of {alert.called} to {wanted}, but it has the severity {seen!r}."


def tells_end(sent: Sent, told: dict[str, Any]) -> None:
    """The event tells when the alert ended, as Alertmanager has told of it."""
    data = _data(sent)
    assert data.get("status") == "resolved", (
        f"Expected the status 'resolved', but the event has {data.get('status')!r}."
    )
    seen = str(data.get("endsAt"))
    assert _is_time(seen) and datetime.fromisoformat(seen) == datetime.fromisoformat(told["endsAt"]), (
        f"Expected the event to tell that the alert ended at {told['endsAt']}, but it says {seen!r}."
    )


def _fields(alert: Alert, group: Sequence[Alert]) -> dict[str, Any]:
    return {
        "alertname": alert.name,
        "status": "firing",
        "severity": alert.severity,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "commonLabels": common([one.labels for one in group]),
        "commonAnnotations": common([one.annotations for one in group]),
        "generatorURL": alert.source,
        "receiver": RECEIVER,
        "version": "4",
        "prometheusRule": alert.labels.get("prometheus_rule"),
    }


def refused_as_malformed(status: int, body: str) -> None:
    """The notification was answered 4xx (ruling 10)."""
    assert 400 <= status < 500, (
        f"Expected the malformed notification to be refused with 4xx, but it was answered {status} {body[:120]!r}."
    )


def correlation_of(sent: Sent) -> str:
    """The event's correlation id: the attribute of that name, or else the id of the trace to which it belongs."""
    _, _, trace = (said(sent, "traceparent") or "").partition("-")
    found = said(sent, "correlationid") or trace.partition("-")[0]
    assert found, (
        f"Expected the event to carry a correlation id, but its attributes are {sorted(sent.event.attributes)}."
    )
    return found


def correlated_apart(first: Sent, second: Sent) -> None:
    """Two events whose notifications came without a correlation id do not share one."""
    one, other = correlation_of(first), correlation_of(second)
    assert one != other, (
        f"Expected each event to carry a correlation id of its own, but those of two notifications carry {one!r} both."
    )


def in_trace(sent: Sent, trace_id: str) -> None:
    """The event names the trace: in its traceparent, in the request's, or as its correlation id."""
    traces = {
        "traceparent of the event": said(sent, "traceparent"),
        "traceparent of the request": sent.exchange.header("traceparent"),
        "correlation id": said(sent, "correlationid"),
    }
    assert any(value and trace_id in value for value in traces.values()), (
        f"Expected the event to belong to trace {trace_id}, but it says {traces}."
    )


def asks_for_time(sent: Sent) -> bool:
    """Whether the receiver answered when to try again (RFC 9110 §10.2.3)."""
    return sent.exchange.answer_header("retry-after") is not None


def not_called_before_asked(attempts: Sequence[Sent]) -> None:
    """No attempt was made before the time that the answer to the one before asked for (ruling 7)."""
    for one, following in pairwise(attempts):
        early = one.exchange.asked_until - following.exchange.began
        asked = one.exchange.answer_header("retry-after")
        assert early <= 0, (
            f"Expected prometheus-events to leave the broker alone for the {asked} s that it had asked for, "
            f"but it was called again {early:.2f} s too early."
        )


def growing(pauses: list[float], growth: float) -> None:
    """No pause is clearly shorter than the one before, and the last is longer than the first by far.

    A busy machine lengthens pauses at random, so that neighbours alone prove nothing. Two pauses have to show nearly
    the growth of one step, three and more that of one and a half.
    """
    shown = ", ".join(f"{pause:.2f} s" for pause in pauses)
    assert len(pauses) >= 2, f"Expected at least three attempts to compare their pauses, but saw: {shown or 'none'}."
    wanted = NEARLY * growth if len(pauses) == 2 else growth**1.5
    assert pauses[-1] >= pauses[0] * wanted and all(after >= before * 0.75 for before, after in pairwise(pauses)), (
        f"Expected the pauses between the attempts to grow, to at least {wanted:.2g} times the first, "
        f"but they were {shown}."
    )


def growing_at_last(looks: Iterable[list[float]], growth: float) -> None:
    """The pauses grow; another look is taken only where they do not seem to.

    A busy machine lengthens pauses at random, and many an agent does so itself; so each counts as short as it was at
    its shortest.
    """
    seen: list[list[float]] = []
    for pauses in looks:
        seen.append(pauses)
        try:
            return growing([min(same) for same in zip(*seen, strict=False)], growth)
        except AssertionError as error:
            missed = error
    raise missed


def pauses_between(attempts: list[Sent]) -> list[float]:
    """Seconds from the end of each attempt to the next."""
    return [after.exchange.began - before.exchange.ended for before, after in pairwise(attempts)]


def in_rounds(attempts: list[Sent], told: list[float]) -> list[list[Sent]]:
    """The attempts, parted by the notification after which they were made: `told` is when these began. Journal's times.

    Who gives up and has Alertmanager notify again (ruling 10) may begin again from scratch.
    """
    rounds = groupby(attempts, key=lambda attempt: sum(began <= attempt.exchange.began for began in told))
    return [list(made) for _, made in rounds]


def distinct_ids(events: list[Sent]) -> None:
    """No two of the events share source and id."""
    twice = [identity for identity, count in Counter(sent.identity for sent in events).items() if count > 1]
    assert not twice, (
        f"Expected each of {len(events)} occurrences to have an id of its own, but {twice[0][1]!r} came again."
    )


def same_id(attempts: list[Sent]) -> None:
    """All attempts carried the same event."""
    ids = {sent.identity for sent in attempts}
    assert len(ids) == 1, (
        f"Expected every attempt to carry the same event id, but {len(attempts)} attempts had {len(ids)} ids."
    )


def in_order(fired: Sent, resolved: Sent) -> None:
    """The attempt that the broker took of the fired event came before the one of the resolved event."""
    ahead = fired.exchange.began - resolved.exchange.began
    assert ahead < 0, (
        f"Expected the broker to take the fired event of {fired.event.subject} before the resolved one, "
        f"but the resolved one came {ahead:.2f} s earlier."
    )
