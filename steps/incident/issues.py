"""What can be claimed about an alert's issues in Linear. An issue is found by facts, never by a sentence in it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from steps.drivers.linear import Issue, Linear
from steps.incident.alert import Alert
from steps.incident.facts import label_facts, told_by
from steps.incident.incident import Incident
from steps.incident.waiting import LimitName, Waiting
from steps.targets.profile import Profile
from steps.world.journal import Exchange, Journal

CLOSED = ("completed", "canceled", "duplicate")
"""Types of the workflow states in which an issue is not open (CONTRACTS §1.1)."""
PRIORITIES = {"Urgent": 1, "High": 2, "Normal": 3, "Low": 4}


class Issues:
    """Claims about the Linear issues of one incident. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(
        self, linear: Linear, journal: Journal, waiting: Waiting, incident: Incident, profile: Profile
    ) -> None:
        self._linear = linear
        self._journal = journal
        self._waiting = waiting
        self._incident = incident
        self._profile = profile

    # -- what was seen

    def about(self, alert: Alert) -> list[Issue]:
        """Every issue that mentions the alert, oldest first."""
        return self._linear.issues_mentioning(alert.mark)

    def of(self, alert: Alert) -> Issue:
        """The alert's own issue as it is now: the first that mentions it. Waits until there is one."""

        def first() -> Issue:
            found = self.about(alert)
            assert found, f"Expected a Linear issue about {alert.called}, but there is none{self._whereabouts(alert)}"
            return found[0]

        return self._waiting.until(first, "ticket")

    def calls(self, since: float | None = None) -> list[Exchange]:
        """The agent's calls to Linear, from the scenario's beginning unless said otherwise."""
        return self._journal.exchanges(
            caller="agent-sre", callee="linear", since=self._incident.began if since is None else since
        )

    # -- what is claimed

    def exactly_one(self, alert: Alert) -> Issue:
        """One issue was ever opened about the alert, and the agent has come to rest about it."""
        self.of(alert)
        self.quiet(alert)
        found = self.about(alert)
        self._incident.did_not_see(f"a second issue about {alert.called}", control=lambda: found)
        for issue in found:
            self.show(issue)
        assert len(found) == 1, (
            f"Expected exactly one Linear issue about {alert.called}, but there are {listed(found)}."
        )
        return found[0]

    def open_about_each(self, *alerts: Alert, limit: LimitName = "ticket") -> None:
        """An issue is open about each of the alerts."""

        def one_each() -> None:
            found = self.of_each(alerts)
            without = [alert for alert in alerts if not any(map(is_open, found[alert.mark]))]
            if without:
                first, closed = without[0], found[without[0].mark]
                rest = f" {len(without) - 1} other alerts have none either." if len(without) > 1 else ""
                raise AssertionError(
                    f"Expected an open Linear issue about {first.called}, but there is "
                    + (f"only {listed(closed)}." if closed else f"none{self._whereabouts(first)}")
                    + rest
                )

        self._waiting.until(one_each, limit)
        self._incident.saw("Alerts with an open issue", "\n".join(alert.called for alert in alerts))

    def exactly_one_open(self, *alerts: Alert, limit: LimitName = "ticket") -> None:
        """One issue is open about each of the alerts, and the agent has come to rest about them."""
        self.open_about_each(*alerts, limit=limit)
        self.quiet(*alerts)
        for alert, found in zip(alerts, self.of_each(alerts).values(), strict=True):
            still = list(filter(is_open, found))
            for issue in still:
                self.show(issue)
            assert len(still) == 1, (
                f"Expected exactly one open Linear issue about {alert.called}, but there are {listed(still)}."
            )

    def each_its_own(self, alerts: Sequence[Alert]) -> None:
        """The issue of each alert carries what that alert says, and nothing of the others."""
        for alert, found in zip(alerts, self.of_each(alerts).values(), strict=True):
            carries(found[0], alert, [other for other in alerts if other is not alert])
        self._incident.did_not_see("an alert on the issue of another one", control=lambda: alerts)
        self._incident.saw("Issues that carry their own alert's data only", f"{len(alerts)}")

    def comes_to_carry(self, alert: Alert, others: list[Alert]) -> None:
        """The alert's issue comes to carry what that alert says, and has nothing of the others."""
        issue = self.becomes(alert, lambda issue: carries(issue, alert, others))
        self._incident.did_not_see(f"other alerts on {issue.identifier}", control=lambda: alert.mark in text_of(issue))

    def stays_open(self, alert: Alert) -> None:
        """The alert's first issue is open still, when the agent has come to rest about it."""
        self.quiet(alert)
        issue = self.of(alert)
        self.show(issue)
        assert is_open(issue), (
            f"Expected {issue.identifier} to stay open while its alert fires, but it is {issue.state_name}."
        )

    def becomes(self, alert: Alert, claim: Callable[[Issue], object]) -> Issue:
        """The alert's issue comes to fulfil the claim, which is a function that raises AssertionError until it does.

        The issue as it was last seen is shown, whether it does or not.
        """
        latest: list[Issue] = []

        def look() -> Issue:
            latest[:] = [self.of(alert)]
            claim(latest[0])
            return latest[0]

        try:
            return self._waiting.until(look, "update")
        finally:
            for issue in latest:
                self.show(issue)

    def correct(self, alert: Alert, data: str) -> None:
        """One of the data that the ticket's Scenario 1 asks of the issue, by the feature's word for it."""
        priority = self._profile.rulings.priority_without_slo.get((alert.severity or "").lower(), 3)
        claims: dict[str, Callable[[Issue], None]] = {
            "alert name": lambda issue: title_names(issue, alert),
            "severity": lambda issue: describes(issue, {"severity": alert.severity or ""}),
            "labels": lambda issue: describes(issue, label_facts(alert)),
            "description": lambda issue: tells(issue, alert),
            "correlation id": lambda issue: correlates(issue, self._incident.correlation_ids()),
            "priority": lambda issue: has_priority(issue, priority),
        }
        self.becomes(alert, claims[data])

    def second(self, alert: Alert) -> Issue:
        """Another issue about the alert beside its own: what the agent opens when its remediation failed."""

        def other() -> Issue:
            found = self.about(alert)
            assert len(found) >= 2, (
                f"Expected an issue about the failed remediation of {alert.called} beside the alert's own, "
                f"but there is only {listed(found)}."
            )
            return found[1]

        issue = self._waiting.until(other, "ticket")
        self.show(issue)
        return issue

    def related(self, alert: Alert, other: Issue) -> None:
        """The other issue is related to the alert's own."""

        def linked() -> Issue:
            issue = self._linear.issue(other.id)
            own = self.about(alert)[0]
            to = [relation.identifier for relation in issue.relations]
            assert own.identifier in to, (
                f"Expected {issue.identifier} to be related to the alert's issue {own.identifier}, "
                f"but its relations are {', '.join(to) or 'none'}."
            )
            return issue

        self.show(self._waiting.until(linked, "update"))

    def limited_call(self) -> Exchange:
        """The first call of this scenario that Linear answered with its rate limit."""
        limited = [call for call in self.calls() if "RATELIMITED" in call.response_text]
        assert limited, (
            f"Expected agent-sre to meet Linear's rate limit, but of its {len(self.calls())} calls none did."
        )
        return limited[0]

    def refused_calls(self) -> list[Exchange]:
        """The calls of this scenario that Linear refused for good."""
        refusals = ("AUTHENTICATION_ERROR", "INPUT_ERROR")
        return [call for call in self.calls() if any(refusal in call.response_text for refusal in refusals)]

    def quiet(self, *alerts: Alert) -> None:
        """Returns once agent-sre is done with the alerts: every delivery is answered and its own calls have ended."""
        marks = [alert.mark for alert in alerts]
        for found in self.of_each(alerts).values():
            for issue in found:
                marks += [issue.id, issue.identifier]

        def moved() -> float | None:
            if self._journal.in_flight(mentioning=marks):
                return None
            ended = (said.ended for said in self._journal.exchanges(mentioning=marks) if said.caller != "suite")
            return max(ended, default=0.0)

        self._waiting.quiet(moved)

    def of_each(self, alerts: Sequence[Alert]) -> dict[str, list[Issue]]:
        """The issues about each alert, by its mark, from one look at Linear."""
        key = self._incident.key
        together = all(key in alert.labels.values() for alert in alerts)
        facts = [key] if together else [alert.mark for alert in alerts]
        found = self._linear.issues_mentioning(*facts)
        return {alert.mark: [issue for issue in found if alert.mark in text_of(issue)] for alert in alerts}

    def show(self, issue: Issue) -> None:
        """Keeps the issue as evidence, the way a person would read it."""
        made_by = self._journal.exchanges(callee="linear", mentioning=issue.id, since=self._incident.began)
        self._incident.saw(f"Linear issue {issue.identifier}", as_text(issue), made_by=made_by)

    def _whereabouts(self, alert: Alert) -> str:
        """What the agent did instead: the nearest miss."""
        delivered = self._journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)
        if not delivered:
            return ": no event of the alert reached agent-sre."
        calls = self.calls(since=delivered[0].began)
        if not calls:
            return f": agent-sre answered {delivered[-1].status or delivered[-1].error} and did not call Linear."
        last = calls[-1]
        return (
            f": agent-sre called Linear {len(calls)} times, the last time it was answered {last.status or last.error}."
        )


# -- claims about single issues: pure, each with its sentence


def is_open(issue: Issue) -> bool:
    """Whether somebody still has to care for the issue."""
    return issue.state_type not in CLOSED and not issue.archived


def listed(issues: list[Issue]) -> str:
    """The issues in a few words."""
    return ", ".join(f"{issue.identifier} “{issue.title}” ({issue.state_name})" for issue in issues) or "none"


def text_of(issue: Issue) -> str:
    """Everything that is written on the issue."""
    said = [issue.title, issue.description or "", *(comment.body for comment in issue.comments)]
    return "\n".join([*said, *(f"{link.title} {link.url}" for link in issue.attachments)])


def as_text(issue: Issue) -> str:
    """The issue as a person would read it."""
    lines = [
        f"{issue.identifier}  {issue.title}",
        f"team {issue.team_key} · {issue.state_name} ({issue.state_type}) · priority {issue.priority} · "
        f"labels {', '.join(issue.labels) or 'none'} · assignee {issue.assignee_email or 'nobody'}",
        "",
        issue.description or "(no description)",
        *(f"\n→ {link.title}: {link.url}" for link in issue.attachments),
        *(f"\n→ {relation.type}: {relation.identifier}" for relation in issue.relations),
        *(f"\n— {comment.body}" for comment in issue.comments),
    ]
    return "\n".join(lines)


def holds(issue: Issue, facts: dict[str, str]) -> None:
    """The issue holds every fact: a name for the reader, and the words that must be found on it."""
    text = plain(text_of(issue))
    missing = [f"{name} {fact!r}" for name, fact in facts.items() if plain(fact) not in text]
    assert not missing, f"Expected {issue.identifier} to hold {'; '.join(missing)}, but it does not."


def describes(issue: Issue, facts: dict[str, str]) -> None:
    """The issue's description holds every fact: a name for the reader, and the words that must be found in it."""
    description = plain(issue.description or "")
    missing = [f"{name} {fact!r}" for name, fact in facts.items() if plain(fact) not in description]
    assert not missing, f"Expected the description of {issue.identifier} to hold {'; '.join(missing)}, but it " + (
        "is empty." if not description else "does not."
    )


def correlates(issue: Issue, correlation_ids: list[str]) -> None:
    """The issue's description holds one of the correlation ids."""
    description = issue.description or ""
    assert any(one in description for one in correlation_ids), (
        f"Expected the description of {issue.identifier} to hold correlation id {correlation_ids[0]}, but it does not."
    )


def plain(text: str) -> str:
    """The text without what Markdown adds: escapes, quoting and line ends. Letter case is no fact."""
    unescaped = html.unescape(text.replace("<br>", "\n").replace("\\", ""))
    return " ".join(unescaped.replace("\n> ", "\n").casefold().split())


def in_team(issue: Issue, team: str) -> None:
    """The issue is in the team of that key."""
    assert issue.team_key == team, f"Expected {issue.identifier} in team {team}, but it is in team {issue.team_key}."


def title_names(issue: Issue, alert: Alert) -> None:
    """The title names the alert."""
    assert alert.name in issue.title.replace("\\", ""), (
        f"Expected the title of {issue.identifier} to name {alert.name}, but it is {issue.title!r}."
    )


def tells(issue: Issue, alert: Alert) -> None:
    """The issue carries the alert's description, or its summary."""
    told = told_by(alert)
    assert any(plain(text) in plain(text_of(issue)) for text in told), (
        f"Expected {issue.identifier} to tell {told[0][:80]!r} of {alert.called}, but it does not."
    )


def carries(issue: Issue, alert: Alert, others: list[Alert]) -> None:
    """The issue holds what its alert says, and nothing of the others."""
    holds(issue, label_facts(alert))
    tells(issue, alert)
    holds_none(issue, others)


def holds_none(issue: Issue, others: list[Alert]) -> None:
    """The issue holds nothing that belongs to another alert."""
    strange = [other.called for other in others if other.mark in text_of(issue)]
    assert not strange, (
        f"Expected {issue.identifier} to hold its own alert's labels only, but it names {', '.join(strange)}."
    )


def says_more(issue: Issue, before: Issue) -> None:
    """Something was added to the issue since then: a comment, or words in its description."""
    assert (len(issue.comments), issue.description) != (len(before.comments), before.description), (
        f"Expected {issue.identifier} to be updated, "
        f"but it still has {len(issue.comments)} comments and the same description."
    )


def closed_with_comment(issue: Issue, before: Issue) -> None:
    """The issue is completed, and a comment was added since then that says so in some words."""
    is_completed(issue)
    known = {comment.id for comment in before.comments}
    new = [comment.body for comment in issue.comments if comment.id not in known]
    assert any(_ENDED.search(body) for body in new), (
        f"Expected {issue.identifier} to say in a new comment that the alert is resolved, "
        f"but its new comments are {new or 'none'}."
    )


_ENDED = re.compile(
    r"resolv|recover|clear|clos|complet|no longer|\bended\b|\bover\b|\bok\b|\bdone\b|healthy|normal", re.I
)


def tells_remediation(issue: Issue, call: Exchange) -> None:
    """The issue tells of the remediation twice: that it was started, and how it ended.

    A start may be told late, when Linear is slow; then it has to be told in words. So it has in the description, which
    may also only repeat what the alert asks for.
    """
    function = call.host.partition(".")[0]
    ended = datetime.fromtimestamp(call.ended, UTC) - CLOCK_GRAIN
    parts = filter(_STARTED.search, re.split(r"\n\s*\n", issue.description or ""))
    told = [comment.body for comment in issue.comments if comment.created_at < ended or _STARTED.search(comment.body)]
    starts = [text for text in (*parts, *told) if function in text]
    assert starts, f"Expected {issue.identifier} to tell that {function} was started, but it does not."
    after = [comment.body for comment in issue.comments if comment.created_at >= ended and comment.body != starts[0]]
    assert after, f"Expected {issue.identifier} to tell how {function} ended, but no comment came after its end."


_STARTED = re.compile(r"\b(start|begin|began|begun|call(ed|ing)|invok|trigger|execut|running|launch|dispatch)", re.I)
CLOCK_GRAIN = timedelta(milliseconds=2)
"""Linear's times are whole milliseconds."""


def has_labels(issue: Issue, labels: list[str]) -> None:
    """The issue carries all of these labels, in whatever letter case."""
    seen = {label.casefold() for label in issue.labels}
    missing = [label for label in labels if label.casefold() not in seen]
    assert not missing, (
        f"Expected {issue.identifier} to carry the labels {', '.join(labels)}, "
        f"but it carries {', '.join(issue.labels) or 'none'}."
    )


def is_assigned(issue: Issue, email: str | None) -> None:
    """The issue is assigned to the account with that e-mail address, or to nobody."""
    assert issue.assignee_email == email, (
        f"Expected {issue.identifier} to be assigned to {email or 'nobody'}, "
        f"but it is assigned to {issue.assignee_email or 'nobody'}."
    )


def has_priority(issue: Issue, priority: int) -> None:
    """The issue's priority is the expected one."""
    names = {number: name for name, number in PRIORITIES.items()} | {0: "none"}
    assert issue.priority == priority, (
        f"Expected {issue.identifier} to have priority {priority} ({names[priority]}), "
        f"but it has {issue.priority} ({names.get(issue.priority, 'unknown')})."
    )


def is_completed(issue: Issue) -> None:
    """The issue is in a state of type `completed` (ruling 5)."""
    assert issue.state_type == "completed", (
        f"Expected {issue.identifier} to be in a completed state, but it is {issue.state_name!r} ({issue.state_type})."
    )


def links_to(issue: Issue, address: str, what: str) -> None:
    """The address is linked from the issue, as an attachment or in its text."""
    links = [link.url for link in issue.attachments]
    assert address in links or address in text_of(issue), (
        f"Expected {issue.identifier} to link to {what}, {address}, but its links are {', '.join(links) or 'none'}."
    )
