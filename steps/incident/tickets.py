"""What can be claimed about an alert's issues in any tracker. An issue is found by facts, never by a sentence in it."""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise, takewhile
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from steps.incident import calls
from steps.incident.alert import Alert
from steps.incident.facts import is_exact, label_facts, told_by
from steps.incident.incident import Incident
from steps.incident.sayings import CLOCK_GRAIN, Saying, sayings
from steps.incident.waiting import LimitName, Waiting
from steps.incident.wording import without_own, words
from steps.world.journal import Exchange, Journal

MOST_TOLD = 300
"""Characters that a sentence quotes of an answer."""


class Comment(Protocol):
    """What somebody has written on an issue."""

    @property
    def id(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def edited_at(self) -> datetime | None: ...


class Ticket(Protocol):
    """What an issue has in every tracker; the drivers' issues are such tickets."""

    @property
    def id(self) -> str: ...
    @property
    def identifier(self) -> str:
        """What people call it, e.g. `BVL-7`."""

    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str | None: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def state_name(self) -> str: ...
    @property
    def is_open(self) -> bool:
        """Whether somebody still has to care for it."""

    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def comments(self) -> Sequence[Comment]:
        """In order of time."""

    @property
    def text(self) -> str:
        """Everything that is written on it."""


T = TypeVar("T", bound=Ticket)


class Tracker(Protocol[T]):
    """The suite's way to look at a tracker."""

    def issues_mentioning(self, *facts: str) -> list[T]:
        """Every issue that mentions at least one of the facts, the oldest first."""


class Tickets(ABC, Generic[T]):
    """Claims about the issues of one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    name: ClassVar[str]
    """The tracker in a sentence."""
    callee: ClassVar[str]
    """The tracker in the journal."""

    def __init__(self, tracker: Tracker[T], journal: Journal, waiting: Waiting, incident: Incident) -> None:
        self._tracker = tracker
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._before: dict[str, T] = {}

    # -- what was seen

    def about(self, alert: Alert) -> list[T]:
        """Every issue that mentions the alert, oldest first."""
        return self._tracker.issues_mentioning(alert.mark)

    def of(self, alert: Alert) -> T:
        """The alert's own issue as it is now: the first that mentions it. Waits until there is one.

        A fault at the tracker may leave a trace for a while: between two tries lie pauses that grow (ruling 7), and one
        that is not answered at all ends when the agent gives it up.
        """
        try:
            return self._waiting.until(lambda: self._first(alert), "ticket")
        except AssertionError:
            if not any(call.fault for call in (*self._under_way(), *self.calls())):
                raise
        return self._waiting.until(lambda: self._first(alert), "recovery")

    def of_each(self, alerts: Sequence[Alert]) -> dict[str, list[T]]:
        """The issues about each alert, by its mark, from one look at the tracker."""
        key = self._incident.key
        together = len(alerts) > 1 and all(key in alert.labels.values() for alert in alerts)
        facts = [key] if together else [alert.mark for alert in alerts]
        found = self._tracker.issues_mentioning(*facts)
        return {alert.mark: [issue for issue in found if alert.mark in text_of(issue)] for alert in alerts}

    def note(self, alert: Alert) -> None:
        """Remembers the alert's issue as it is now, for claims about what is added to it; there need not be one."""
        if found := self.about(alert):
            self._before[alert.mark] = found[0]

    def before(self, alert: Alert) -> T:
        """The alert's issue as it was when it was noted."""
        assert alert.mark in self._before, (
            f"Expected a {self.name} issue about {alert.called} to begin with, but there was none."
        )
        return self._before[alert.mark]

    def calls(self, since: float | None = None) -> list[Exchange]:
        """The agent's calls to the tracker, from the scenario's beginning unless said otherwise."""
        since = self._incident.began if since is None else since
        return self._incident.own(self._journal.exchanges(caller="agent-sre", callee=self.callee, since=since))

    def calls_since_told(self, alert: Alert) -> list[Exchange]:
        """The agent's calls to the tracker from the alert's first event on, which it may not have answered yet."""
        telling = self._journal.in_flight(caller="broker", callee="agent-sre", mentioning=alert.mark)
        told = min((one.began for one in (*self._deliveries(alert), *telling)), default=None)
        return [] if told is None else self.calls(since=told)

    def limited_call(self) -> Exchange:
        """The first call since the scenario began that the tracker answered with its rate limit.

        Whatever it is about: one about an earlier alert tells the agent of the limit as well.
        """
        made = self._incident.answered_by(self.callee)
        limited = [call for call in made if self.is_limited(call)]
        assert limited, f"Expected agent-sre to meet {self.name}'s rate limit, but of its {len(made)} calls none did."
        return limited[0]

    def refused_calls(self) -> list[Exchange]:
        """The calls of this scenario that the tracker refused for good."""
        return [call for call in self.calls() if self.is_refused(call)]

    # -- what every tracker does in its own way

    @staticmethod
    @abstractmethod
    def is_limited(call: Exchange) -> bool:
        """Whether the tracker answered the call with its rate limit."""

    @staticmethod
    @abstractmethod
    def is_refused(call: Exchange) -> bool:
        """Whether the tracker refused the call for good."""

    @staticmethod
    @abstractmethod
    def request_of(call: Exchange) -> Hashable:
        """What the call asks for, the same in each of its tries."""

    @staticmethod
    @abstractmethod
    def names_of(issue: T) -> list[str]:
        """How a call on the wire can name the issue."""

    @staticmethod
    @abstractmethod
    def as_text(issue: T) -> str:
        """The issue as a person would read it."""

    # -- what is claimed

    def exactly_one(self, alert: Alert) -> T:
        """One issue was ever opened about the alert, and the agent has come to rest about it."""
        self.of(alert)
        self.quiet(alert)
        found = self.about(alert)
        self._incident.did_not_see(f"a second {self.name} issue about {alert.called}", control=lambda: found)
        for issue in found:
            self.show(issue)
        assert len(found) == 1, (
            f"Expected exactly one {self.name} issue about {alert.called}, but there are {listed(found)}."
        )
        return found[0]

    def opened_by_repeating(self, alert: Alert, notify: Callable[[], None]) -> None:
        """Notifies of the alert every so often until it has an issue, for as long as a new credential may need.

        The last notification comes when the credential has to be in use: what is not opened then may still be.
        """
        try:
            self._waiting.until_done_again(notify, lambda: self._first(alert), "rotation")
        except AssertionError:
            notify()

    def open_about_each(self, *alerts: Alert, limit: LimitName = "ticket") -> None:
        """An issue is open about each of the alerts."""

        def one_each() -> None:
            found = self.of_each(alerts)
            without = [alert for alert in alerts if not any(map(is_open, found[alert.mark]))]
            if without:
                first, closed = without[0], found[without[0].mark]
                rest = f" {len(without) - 1} other alerts have none either." if len(without) > 1 else ""
                raise AssertionError(
                    f"Expected an open {self.name} issue about {first.called}, but there is "
                    + (f"only {listed(closed)}." if closed else f"none{self._whereabouts(first)}")
                    + rest
                )

        self._waiting.until(one_each, limit)
        self._incident.saw(f"Alerts with an open {self.name} issue", "\n".join(alert.called for alert in alerts))

    def exactly_one_open(self, *alerts: Alert, limit: LimitName = "ticket") -> None:
        """One issue is open about each of the alerts, and the agent has come to rest about them."""
        self.open_about_each(*alerts, limit=limit)
        self.quiet(*alerts)
        for alert, found in zip(alerts, self.of_each(alerts).values(), strict=True):
            still = list(filter(is_open, found))
            for issue in still:
                self.show(issue)
            assert len(still) == 1, (
                f"Expected exactly one open {self.name} issue about {alert.called}, but there are {listed(still)}."
            )

    def none_open(self, alert: Alert) -> None:
        """Of the issues about the alert, however many there were, none stays open."""

        def closed() -> list[T]:
            found = self.about(alert)
            all_closed(found, f"{self.name} issue about {alert.called}")
            return found

        found = self._waiting.until(closed, "update")
        self._incident.did_not_see(f"an open {self.name} issue about {alert.called}", control=lambda: found)
        for issue in found:
            self.show(issue)

    def none_left_open(self, alert: Alert, other: Alert) -> None:
        """No issue about the alert stays open, be it that there is none, while the other alert has one."""
        self.quiet(alert)

        def closed() -> None:
            still = list(filter(is_open, self.about(alert)))
            assert not still, (
                f"Expected no {self.name} issue about {alert.called}, which was over before there could be one, "
                f"to be open in the end, but there are {listed(still)}."
            )

        self._waiting.until(closed, "recovery")
        self._incident.did_not_see(
            f"an open {self.name} issue about {alert.called}", control=lambda: list(filter(is_open, self.about(other)))
        )
        found = self.about(alert)
        self._incident.saw(f"{self.name} issues about {alert.called}", listed(found))

    def each_its_own(self, alerts: Sequence[Alert]) -> None:
        """The issue of each alert carries what that alert says, and nothing of the others."""
        for alert, found in zip(alerts, self.of_each(alerts).values(), strict=True):
            self.is_own(found[0], alert, [other for other in alerts if other is not alert])
        self._incident.did_not_see(f"an alert on the {self.name} issue of another one", control=lambda: alerts)
        self._incident.saw(f"{self.name} issues that carry their own alert's data only", f"{len(alerts)}")

    def comes_to_carry(self, alert: Alert, others: list[Alert]) -> None:
        """The alert's issue comes to carry what that alert says, and has nothing of the others."""
        issue = self.becomes(alert, lambda issue: carries(issue, alert, others))
        self._incident.did_not_see(f"other alerts on {issue.identifier}", control=lambda: alert.mark in text_of(issue))

    def each_of_its_severity(self, *alerts: Alert) -> None:
        """The issue of each alert comes to carry its own severity as a label, and none of the others'."""
        severities = [alert.labels["severity"] for alert in alerts]
        for alert in alerts:
            claim = partial(has_one_severity, severity=alert.labels["severity"], others=severities)
            issue = self.becomes(alert, claim)
            labels = issue.labels
            self._incident.did_not_see(f"another severity on {issue.identifier}", control=partial(list, labels))

    def is_own(self, issue: T, alert: Alert, others: list[Alert]) -> None:
        """The issue carries what the alert says, and nothing of the others."""
        carries(issue, alert, others)

    def stays_open(self, alert: Alert) -> None:
        """The alert's first issue is open still, when the agent has come to rest about it."""
        self.quiet(alert)
        issue = self.of(alert)
        self.show(issue)
        assert is_open(issue), (
            f"Expected {issue.identifier} to stay open while its alert fires, but it is {issue.state_name}."
        )

    def becomes(self, alert: Alert, claim: Callable[[T], object], limit: LimitName = "update") -> T:
        """The alert's issue comes to fulfil the claim, which is a function that raises AssertionError until it does.

        The issue as it was last seen is shown, whether it does or not.
        """
        latest: list[T] = []
        self.of(alert)

        def look() -> T:
            latest[:] = [self._first(alert)]
            claim(latest[0])
            return latest[0]

        try:
            return self._waiting.until(look, limit)
        finally:
            for issue in latest:
                self.show(issue)

    def tells_remediation(self, alert: Alert, call: Callable[[], Exchange]) -> None:
        """The alert's issue comes to tell that the remediation was started, and how that call of it ended.

        A call that has failed may be tried again and again (ruling 7), so that the end is told some time later.
        """
        limit: LimitName = "update" if call().status == 200 else "recovery"
        self.becomes(alert, lambda issue: tells_remediation(issue, call(), self.said_on(issue)), limit)

    def tells_failure(self, alert: Alert, call: Exchange, well: Alert, call_that_went_well: Exchange) -> None:
        """The alert's issue does not come to tell of its remediation what the issue of one that went well tells."""
        told: list[str] = []

        def end_of_good_one(issue: T) -> None:
            ends = tells_remediation(issue, call_that_went_well, self.said_on(issue))
            told[:] = [self._without_own(text, issue, well) for text in ends]

        def claim(issue: T) -> None:
            ends = tells_remediation(issue, call, self.said_on(issue))
            calls_no_success(issue, [self._without_own(text, issue, alert) for text in ends], told)

        self.becomes(well, end_of_good_one)
        self._incident.did_not_see(f"on {alert.called}'s {self.name} issue that it was a success", control=lambda: told)
        self.becomes(alert, claim, "recovery")

    def _without_own(self, text: str, issue: T, alert: Alert) -> str:
        """The text without what the alert says, its function in any spelling, and the names of its issue."""
        text = without_own(text.replace("\\", ""), alert)
        for name in self.names_of(issue):
            text = text.replace(name, " ")
        return re.sub(r"[\W_]*".join(re.findall(r"[^\W_]+", alert.function)), " ", text, flags=re.I)

    def said_on(self, issue: T) -> list[Saying]:
        """What the agent has written on the issue, in order of time."""
        names, since = self.names_of(issue), self._incident.began
        about = self._journal.exchanges(caller="agent-sre", callee=self.callee, mentioning=names, since=since)
        return sayings(about, issue.created_at)

    def gives_up(self, alert: Alert, tries: int) -> None:
        """The agent gives up what is refused for good: after at most so many tries for each event no other comes.

        Tries are counted of one call (ruling 7): whoever prepares an issue may be refused at each thing he looks up.
        """
        what = f"what {self.name} refuses"
        self._waiting.until(lambda: calls.made(self.refused_calls(), what), "ticket")
        while True:
            refused = self.refused_calls()
            requests = calls.alike(refused, self.request_of)
            for tried in requests:
                calls.few(tried, tries * max(1, len(self._deliveries(alert))), what)
            next_by = max(calls.next_by(tried, self._waiting.limits.again) for tried in requests)
            if self._journal.cursor() >= next_by:
                break
            self._waiting.pass_time(next_by)
        self._incident.saw_exchanges(f"Calls that {self.name} refused", refused)

    def second(self, alert: Alert) -> T:
        """Another issue about the alert beside its own: what the agent opens when its remediation has failed."""

        def other() -> T:
            found = self.about(alert)
            assert len(found) >= 2, (
                f"Expected an issue about the failed remediation of {alert.called} beside the alert's own, "
                f"but there is only {listed(found)}."
            )
            return found[1]

        issue = self._waiting.until(other, "recovery")
        self.show(issue)
        return issue

    def quiet(self, *alerts: Alert) -> None:
        """Returns once the agent is done with the alerts: every delivery is answered and its own calls have ended.

        After a call to the tracker that got no good answer the agent has the time to try it again, and the broker has
        it after an event that the agent has not taken.
        """
        marks = [alert.mark for alert in alerts]
        for found in self.of_each(alerts).values():
            for issue in found:
                marks += self.names_of(issue)

        def moved() -> float | None:
            if self._journal.at_work(mentioning=marks):
                return None
            said = self._journal.exchanges(mentioning=marks, since=self._incident.began)
            ended = max((each.ended for each in said if each.caller != "suite"), default=0.0)
            again_by = max(self._tried_again_by(), self._delivered_again_by(alerts))
            return max(ended, again_by - self._waiting.limits.quiet)

        self._waiting.quiet(moved)

    def _tried_again_by(self) -> float:
        """By when a call that got no good answer would have been tried again; 0 when the last call got one."""
        failed = list(takewhile(calls.failed, reversed(self.calls())))[::-1]
        return calls.next_by(failed, self._waiting.limits.again) if failed else 0.0

    def _delivered_again_by(self, alerts: Iterable[Alert]) -> float:
        """By when the broker would have delivered again what the agent has not taken; 0 when it has taken the last."""
        last = [delivered[-1] for alert in alerts if (delivered := self._deliveries(alert))]
        refused = [one.ended for one in last if calls.delivered_again(one)]
        return max(refused) + self._waiting.limits.again if refused else 0.0

    def show(self, issue: T) -> None:
        """Keeps the issue as evidence, the way a person would read it."""
        names = self.names_of(issue)
        made_by = self._journal.exchanges(callee=self.callee, mentioning=names, since=self._incident.began)
        self._incident.saw(f"{self.name} issue {issue.identifier}", self.as_text(issue), made_by=made_by)

    def _first(self, alert: Alert) -> T:
        found = self.about(alert)
        assert found, f"Expected a {self.name} issue about {alert.called}, but there is none{self._whereabouts(alert)}"
        return found[0]

    def _under_way(self) -> list[Exchange]:
        """The agent's calls to the tracker in this scenario that are not answered yet."""
        flights = self._journal.in_flight(caller="agent-sre", callee=self.callee, since=self._incident.began)
        return self._incident.own(flights)

    def _deliveries(self, alert: Alert) -> list[Exchange]:
        """The alert's events that the agent has answered."""
        return self._journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)

    def _whereabouts(self, alert: Alert) -> str:
        """What the agent did instead: the nearest miss."""
        delivered = self._deliveries(alert)
        if not delivered:
            return ": no event of the alert reached agent-sre."
        if all(400 <= (one.status or 0) < 500 for one in delivered):
            return f": agent-sre refused the alert's event, it answered {answer_of(delivered[-1])}."
        made = self.calls_since_told(alert)
        if not made:
            return f": agent-sre answered {answer_of(delivered[-1])} and did not call {self.name}."
        last = answer_of(made[-1])
        return f": agent-sre called {self.name} {len(made)} times, the last time it was answered {last}."


AnyTickets = Tickets[Any]
"""The claims about the issues of whichever tracker."""


def answer_of(call: Exchange) -> str:
    """How a call was answered: with the words, when it went wrong."""
    if call.status is None or call.status < 400:
        return str(call.status or call.error).rstrip(".")
    return f"{call.status} {' '.join(call.response_text.split())[:MOST_TOLD]}".strip().rstrip(".")


# -- claims about single issues: pure, each with its sentence


def is_open(issue: Ticket) -> bool:
    """Whether somebody still has to care for the issue."""
    return issue.is_open


def all_closed(issues: Sequence[Ticket], what: str) -> None:
    """There are issues, and none of them is open."""
    assert issues, f"Expected a {what}, which is closed by now, but there is none."
    still = list(filter(is_open, issues))
    assert not still, f"Expected no {what} to be open any more, but there are {listed(still)}."


def text_of(issue: Ticket) -> str:
    """Everything that is written on the issue."""
    return issue.text


def listed(issues: Iterable[Ticket]) -> str:
    """The issues in a few words."""
    return ", ".join(f"{issue.identifier} “{issue.title}” ({issue.state_name})" for issue in issues) or "none"


def holds(issue: Ticket, facts: dict[str, str]) -> None:
    """The issue holds every fact: a name for the reader, and the words that must be found on it."""
    missing = _missing(facts, text_of(issue))
    assert not missing, f"Expected {issue.identifier} to hold {'; '.join(missing)}, but it does not."


def describes(issue: Ticket, facts: dict[str, str]) -> None:
    """The issue's description holds every fact: a name for the reader, and the words that must be found in it."""
    description = issue.description or ""
    missing = _missing(facts, description)
    assert not missing, f"Expected the description of {issue.identifier} to hold {'; '.join(missing)}, but it " + (
        "is empty." if not description.strip() else "does not."
    )


def _missing(facts: dict[str, str], text: str) -> list[str]:
    """The facts that are not in the text, each with its name."""

    def is_there(name: str, fact: str) -> bool:
        return _stands_in(text, fact, unmarked if is_exact(name) else plain)

    return [f"{name} {fact!r}" for name, fact in facts.items() if not is_there(name, fact)]


def _stands_in(text: str, fact: str, read: Callable[[str], str]) -> bool:
    """Whether the fact can be read in the text, as it is or quoted as JSON and Go quote texts."""
    return read(fact) in read(text) or read(fact) in read(_QUOTED.sub(_unquoted, text))


_QUOTED = re.compile(r"\\(.)")


def _unquoted(escape: re.Match[str]) -> str:
    """What an escape stands for; white space of any kind is the same to a reader."""
    return " " if escape[1] in "nrt" else escape[1]


def correlates(issue: Ticket, correlation_ids: list[str]) -> None:
    """The issue's description holds one of the correlation ids."""
    description = unmarked(issue.description or "")
    assert any(one in description for one in correlation_ids), (
        f"Expected the description of {issue.identifier} to hold correlation id {correlation_ids[0]}, but it does not."
    )


def unmarked(text: str) -> str:
    """The text without what Markdown adds: escapes, quoting and line ends."""
    unescaped = html.unescape(_BREAK.sub("\n", text).replace("\\", ""))
    return " ".join(_QUOTATION.sub("\n", unescaped).split())


_BREAK = re.compile(r"<br\s*/?>", re.I)
_QUOTATION = re.compile(r"\n>[ \t]?")


def plain(text: str) -> str:
    """The text without what Markdown adds, where letter case is no fact either."""
    return unmarked(text).casefold()


def title_names(issue: Ticket, alert: Alert) -> None:
    """The title names the alert."""
    assert alert.name in issue.title.replace("\\", ""), (
        f"Expected the title of {issue.identifier} to name {alert.name}, but it is {issue.title!r}."
    )


def tells(issue: Ticket, alert: Alert) -> None:
    """The issue carries the alert's description, or its summary."""
    told = told_by(alert)
    assert any(_stands_in(text_of(issue), text, plain) for text in told), (
        f"Expected {issue.identifier} to tell {told[0][:80]!r} of {alert.called}, but it does not."
    )


def carries(issue: Ticket, alert: Alert, others: list[Alert]) -> None:
    """The issue holds what its alert says, and nothing of the others."""
    holds(issue, label_facts(alert))
    tells(issue, alert)
    holds_none(issue, others)


def holds_none(issue: Ticket, others: list[Alert]) -> None:
    """The issue holds nothing that belongs to another alert."""
    strange = [other.called for other in others if other.mark in text_of(issue)]
    assert not strange, (
        f"Expected {issue.identifier} to hold its own alert's labels only, but it names {', '.join(strange)}."
    )


def says_more(issue: Ticket, before: Ticket) -> None:
    """Something was added to the issue since then: a comment, or words in one or in its description."""
    assert commented(issue, before) or issue.description != before.description, (
        f"Expected {issue.identifier} to be updated, "
        f"but it still has {len(issue.comments)} comments and the same description."
    )


def commented(issue: Ticket, before: Ticket) -> bool:
    """Whether a comment was added to the issue since then, or one says something else by now."""
    known = {comment.body for comment in before.comments}
    return len(issue.comments) > len(before.comments) or any(each.body not in known for each in issue.comments)


def says_resolved(issue: Ticket, before: Ticket) -> None:
    """A comment was added since then, in words that no comment before it had: it tells of something else."""
    known = {comment.id for comment in before.comments}
    told = [words(comment.body) for comment in before.comments]
    new = [comment.body for comment in issue.comments if comment.id not in known]
    assert any(words(body) not in told for body in new), (
        f"Expected {issue.identifier} to say in a new comment that the alert is resolved, "
        + (f"but it only says again {new[0]!r}." if new else "but there is none.")
    )


def tells_remediation(issue: Ticket, call: Exchange, said: Sequence[Saying] = ()) -> list[str]:
    """The issue tells of the remediation twice: that it was started, and how it ended; what it tells of the end.

    Either stands in a comment or in the description, and what was told of the start may be written over at the end:
    `said` still has it. A start may be told late, when the tracker is slow; then it has to be told in words. So it has
    in a description that was not changed for it, which may also only repeat what the alert asks for.
    """
    function = call.host.partition(".")[0]

    def is_named(text: str) -> bool:
        return function in text.replace("\\", "")

    ended = datetime.fromtimestamp(call.ended, UTC) - CLOCK_GRAIN
    written = [(one.edited_at or one.created_at, one) for one in issue.comments]
    described = [one for one in said if not one.is_comment]
    added = added_to_description(said)
    comments = [(one.at, one.text) for one in said if one.is_comment] + [(at, one.body) for at, one in written]
    descriptions = [one.text for one in described] + [issue.description or ""]
    parts = [part for text in descriptions for part in re.split(r"\n\s*\n", text) if _STARTED.search(part)]
    told = [text for at, text in sorted(added + comments) if at < ended or _tells_start(text)]
    starts = [text for text in (*parts, *told) if is_named(text)]
    assert starts, f"Expected {issue.identifier} to tell that {function} was started, but it does not."

    def is_new(text: str, earlier: list[Saying]) -> bool:
        """Whether the text says something that neither the start did nor the text that stood there before the end."""
        before = [one.text for one in earlier if one.at < ended][-1:]
        known = {_said(line) for text in (*before, starts[0]) for line in text.splitlines()}
        return any(_said(line) not in {*known, ""} for line in text.splitlines())

    after = [one.body for _, one in written if one.created_at >= ended and one.body != starts[0]]
    for at, one in written:
        own = [each for each in said if each.is_comment and each.names(one.id)]
        if at >= ended > one.created_at and any(map(is_named, (one.body, *(each.text for each in own)))):
            after += [one.body] if is_new(one.body, own) else []
    before = "".join([one.text for one in described if one.at < ended][-1:])
    for text in (one.text for one in described if one.at >= ended):
        written_over = starts[0] in before and starts[0] not in text
        new = [part for part in _parts(text) if is_new(part, described)]
        after += [part for part in new if written_over or is_named(part) or _NAMED in part]
    assert after, (
        f"Expected {issue.identifier} to tell how {function} ended, "
        "but after its end no comment came, and nothing new was written in place of another text."
    )
    return after


def calls_no_success(issue: Ticket, ended: Sequence[str], well: Sequence[str]) -> None:
    """What is told of the end of a failed remediation does not call it a success, as that of one that went well does.

    Neither text has its own alert's words any more. One that says nothing but what the other says tells no failure, in
    whatever words. One that differs in more than what it has from the function does tell it; and so does one without a
    word for success, by the reason that it gives.
    """
    whole = list(_lines(well))
    known = {part for line in whole for part in (line, line.partition(":")[0])}
    lines = list(_lines(ended))
    is_same = set(lines) <= set(whole)
    if not is_same and any(_announced(line) not in known for line in lines):
        return
    success = [line for line in lines if line in known and _SUCCESS.search(line) and not _CONDITION.search(line)]
    called = set(map(_called_success, whole)) - {None}
    success = success or [line for line in lines if _called_success(line) in called]
    success = success or (lines if is_same else [])
    assert not success, (
        f"Expected {issue.identifier} to tell that the remediation has failed, "
        f"but it tells how it ended as the issue of one that went well does: {success[0]!r}."
    )


def _tells_start(text: str) -> bool:
    """Whether the text says that something was started, or asked for and nothing of how it ended."""
    return bool(_STARTED.search(text) or (_ASKED_FOR.search(text) and not _ENDED.search(text)))


def _parts(text: str) -> list[str]:
    """The paragraphs of the text, each with its heading where that is a paragraph of its own."""
    paragraphs = re.split(r"\n\s*\n", text)
    headings = ["", *(one if _HEADING.fullmatch(one.strip()) else "" for one in paragraphs)]
    return [f"{heading}\n{paragraph}" for heading, paragraph in zip(headings, paragraphs, strict=False)]


def added_to_description(said: Sequence[Saying]) -> list[tuple[datetime, str]]:
    """What was added to the description since the issue was opened, and when."""
    described = [one for one in said if not one.is_comment]
    return [(after.at, _added(after.text, before.text)) for before, after in pairwise(described)]


def _said(line: str) -> str:
    """What a line says, numbers aside, of which a time is one."""
    return re.sub(r"\d+", "", plain(line))


def _added(text: str, before: str) -> str:
    """The lines of the text that were not there before, or not so often."""
    known = Counter(map(_said, before.splitlines()))
    added = []
    for line in text.splitlines():
        known[_said(line)] -= 1
        if known[_said(line)] < 0:
            added.append(line)
    return "\n".join(added)


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """What each line says, without times, durations and identities, which differ from one end to the next."""
    return filter(None, (" ".join(_VARYING.sub(" ", line).split()) for text in texts for line in text.splitlines()))


def _called_success(line: str) -> str | None:
    """The line as far as it calls the remediation a success; a mere `Succeeded:` is the name of a value.

    That the function was called successfully says nothing of how it ended.
    """
    found = _CALLED_SUCCESS.match(line)
    if not found or len(words(found[1])) < 2 or _CONDITION.search(found[1]) or _CALL.search(found[0]):
        return None
    return found[1]


def _announced(line: str) -> str:
    """What a line announces before it quotes something; all of a short one, which may name a state."""
    return line if len(words(line)) <= SHORT else line.partition(":")[0]


SHORT = 4
"""Words of a line that hardly quotes what a function answered."""
_VARYING = re.compile(
    r"\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b"
    r"|\d{4}-\d\d-\d\d(T\S+)?|\d\d?:\d\d\S*"
    r"|\d[\d.,]* ?(ms|milliseconds?|s|secs?|seconds?|min(ute)?s?)\b|\b\d+\.\d+\b",
    re.I,
)
"""Identities, times, durations and what else is measured. A whole number may be the reason, as 500 is against 200."""
_SUCCESS = re.compile(r"\bsucce(ss(ful(ly)?)?|eded)\b", re.I)
_DENIED = r"\W{0,4}(?:(?:no|not|none|never|false|\d{1,2})\b|[❌✗✘✖])"
_CALLED_SUCCESS = re.compile(
    rf"(.*?\b(?:succeeded|successful(?:ly)?)\b)(?![ *_`\"')]*\?|{_DENIED}|[^:]*:{_DENIED})(?:\W+\w+)?", re.I
)
"""What is called a success, with the next word; no question, and no name of a value that denies it or is a count."""
_CALL = re.compile(
    r"\b(call(s|ed|ing)?|invo(ke|cation)\w*|sen[dt]|deliver\w*|dispatch\w*|request\w*|trigger\w*|start\w*|reach\w*"
    r"|submit\w*|answer\w*|respon\w+)\b",
    re.I,
)
_CONDITION = re.compile(r"\b(if|when|once|until|unless|whether|should|would|no|not|only)\b", re.I)
"""What is said of all remediations."""
_HEADING = re.compile(r"#.*|\*\*.*\*\*|__.*__|.*:")
_NAMED = "emediation"
"""What a part of a description is headed with that tells of the remediation and does not name the function."""
_STARTED = re.compile(
    r"\b(start|begin|began|begun|call(ed|ing)|invok|trigger|execut|running|launch|dispatch|initiat|attempting|applying"
    r"|performing|kick(ed|ing) off|submitted|(en)?queued|in progress|under ?way)",
    re.I,
)
_ASKED_FOR = re.compile(
    r"\b(remediating|request(ed|ing)|schedul(ed|ing)|pending|sent|sending|delegat(ed|ing)|handed|taking action)\b", re.I
)
"""What is said of a start, and of other things beside an end."""
_ENDED = re.compile(
    r"\b(succe|fail|complet|finish|done|error|ended|resolv|(result|outcome)s?\b(?! (will|to|follows?)\b))|[✅❌✔✘✓✗]",
    re.I,
)


def has_labels(issue: Ticket, labels: list[str]) -> None:
    """The issue carries all of these labels, in whatever letter case."""
    seen = {label.casefold() for label in issue.labels}
    missing = [label for label in labels if label.casefold() not in seen]
    assert not missing, (
        f"Expected {issue.identifier} to carry the labels {', '.join(labels)}, "
        f"but it carries {', '.join(issue.labels) or 'none'}."
    )


def has_one_severity(issue: Ticket, severity: str, others: Iterable[str]) -> None:
    """Of these severities the issue carries its alert's as a label, and none of the others."""
    has_labels(issue, [severity])
    seen = {label.casefold() for label in issue.labels}
    strange = [other for other in others if other.casefold() in seen - {severity.casefold()}]
    assert not strange, (
        f"Expected {issue.identifier} to carry the label {severity}, which is its alert's severity, and no other "
        f"severity, but it carries {', '.join(issue.labels)}."
    )
