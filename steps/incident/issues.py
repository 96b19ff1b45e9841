"""What can be claimed about an alert's issues in Linear, beside what can be claimed in any tracker."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from steps.drivers.linear import Issue, Linear
from steps.incident.alert import Alert, make_alert
from steps.incident.facts import label_facts
from steps.incident.incident import Incident
from steps.incident.tickets import (
    Tickets,
    all_closed,
    calls_no_success,
    carries,
    correlates,
    describes,
    has_labels,
    has_one_severity,
    holds,
    is_open,
    listed,
    says_more,
    says_resolved,
    tells,
    tells_remediation,
    text_of,
    title_names,
)
from steps.incident.waiting import Waiting
from steps.targets.profile import Profile
from steps.world.journal import Exchange, Journal
from steps.world.services.linear import operations

# A sentence finds all claims about a Linear issue here, also those that hold in every tracker.
__all__ = [
    "PRIORITIES",
    "Issues",
    "all_closed",
    "as_text",
    "calls_no_success",
    "carries",
    "closed_with_comment",
    "correlates",
    "describes",
    "has_labels",
    "has_one_severity",
    "has_priority",
    "holds",
    "in_team",
    "is_assigned",
    "is_completed",
    "is_open",
    "links_to",
    "listed",
    "says_more",
    "tells",
    "tells_remediation",
    "text_of",
    "title_names",
]

PRIORITIES = {"Urgent": 1, "High": 2, "Normal": 3, "Low": 4}
REFUSALS = ("AUTHENTICATION_ERROR", "INPUT_ERROR")
"""Codes of errors that the same call would meet again (CONTRACTS §1.2)."""
NOT_FOUND = "Entity not found"
"""What Linear says under such a code when that is no refusal: what is looked for is not there."""


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


class Issues(Tickets[Issue]):
    """Claims about the Linear issues of one incident."""

    name = "Linear"
    callee = "linear"
    as_text = staticmethod(as_text)

    def __init__(
        self, linear: Linear, journal: Journal, waiting: Waiting, incident: Incident, profile: Profile
    ) -> None:
        super().__init__(linear, journal, waiting, incident)
        self._linear = linear
        self._profile = profile

    @staticmethod
    def is_limited(call: Exchange) -> bool:
        """Linear tells a reached limit by an error's code, not by the status (CONTRACTS §1.2)."""
        return "RATELIMITED" in call.response_text

    @staticmethod
    def is_refused(call: Exchange) -> bool:
        """Whether the same call would be refused again."""
        said = call.response_text
        return NOT_FOUND not in said and any(code in said for code in REFUSALS)

    @staticmethod
    def request_of(call: Exchange) -> frozenset[str]:
        """Linear has one address for everything: what is asked for are the fields, whatever the variables."""
        return operations(call.request_body)

    @staticmethod
    def names_of(issue: Issue) -> list[str]:
        """Linear knows an issue by its id and by its identifier, and for a change of a comment by the comment's id."""
        return [issue.id, issue.identifier, *(comment.id for comment in issue.comments)]

    # -- what is claimed

    def correct(self, alert: Alert, data: str) -> None:
        """One of the data that the ticket's Scenario 1 asks of the issue, by the feature's word for it."""
        rulings = self._profile.rulings
        priority = rulings.priority_without_slo.get((alert.severity or "").lower(), rulings.priority_otherwise)
        claims: dict[str, Callable[[Issue], None]] = {
            "alert name": lambda issue: title_names(issue, alert),
            "severity": lambda issue: describes(issue, {"severity": alert.severity or ""}),
            "labels": lambda issue: describes(issue, label_facts(alert)),
            "description": lambda issue: tells(issue, alert),
            "correlation id": lambda issue: correlates(issue, self._incident.correlation_ids()),
            "priority": lambda issue: has_priority(issue, priority),
        }
        self.becomes(alert, claims[data])

    def comes_to_be_assigned(self, alert: Alert, email: str | None) -> None:
        """The alert's issue is assigned to that engineer, or to nobody; or else those of two alerts like it in a row.

        Who keeps for a while what the on-call service has told notices later that it tells something else now.
        """
        self.of(alert)
        told: list[Alert] = []

        def fire() -> None:
            told.append(make_alert() if told else alert)
            told[-1].starts_at = alert.starts_at
            if told[1:]:
                self._incident.fire(told[-1])

        def assigned() -> list[Issue]:
            found = [issues[0] for issues in self.of_each(told).values() if issues]
            right = ([*pair] for pair in pairwise(found) if all(issue.assignee_email == email for issue in pair))
            shown = next(right, found[:1])
            is_assigned(shown[0], email)
            return shown

        try:
            for issue in self._waiting.until_done_again(fire, assigned, "recovery", late=2):
                self.show(issue)
        except AssertionError:
            self.show(self._first(alert))
            raise

    def related(self, alert: Alert, other: Issue) -> None:
        """The other issue is related to the alert's own, or one of them is a part of the other."""

        def linked() -> Issue:
            issue = self._linear.issue(other.id)
            own = self.about(alert)[0]
            to = [relation.identifier for relation in issue.relations]
            assert own.identifier in to or issue.identifier in [relation.identifier for relation in own.relations], (
                f"Expected {issue.identifier} to be related to the alert's issue {own.identifier}, "
                f"but its relations are {', '.join(to) or 'none'}."
            )
            return issue

        self.show(self._waiting.until(linked, "update"))


# -- claims about single issues: pure, each with its sentence


def in_team(issue: Issue, team: str) -> None:
    """The issue is in the team of that key."""
    assert issue.team_key == team, f"Expected {issue.identifier} in team {team}, but it is in team {issue.team_key}."


def closed_with_comment(issue: Issue, before: Issue) -> None:
    """The issue is completed, and a comment was added since then that says so in some words."""
    is_completed(issue)
    says_resolved(issue, before)


def is_completed(issue: Issue) -> None:
    """The issue is in a state of type `completed` (ruling 5)."""
    assert issue.state_type == "completed", (
        f"Expected {issue.identifier} to be in a completed state, but it is {issue.state_name!r} ({issue.state_type})."
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


def links_to(issue: Issue, address: str, what: str) -> None:
    """The address is linked from the issue, as an attachment or in its text."""
    links = [link.url for link in issue.attachments]
    assert address in links or address in text_of(issue), (
        f"Expected {issue.identifier} to link to {what}, {address}, but its links are {', '.join(links) or 'none'}."
    )
