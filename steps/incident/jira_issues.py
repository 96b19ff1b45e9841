"""What can be claimed about an alert's issues in Jira, beside what can be claimed in any tracker."""

from __future__ import annotations

from steps.drivers.jira import DONE, Issue, Jira
from steps.incident.alert import Alert
from steps.incident.incident import Incident
from steps.incident.tickets import Tickets, answer_of, commented, listed, says_resolved
from steps.incident.waiting import LimitName, Waiting
from steps.targets.profile import Profile
from steps.world.journal import Exchange, Journal
from steps.world.services.jira import adf

PASSING = (404, 408, 429)
"""Client errors that are no refusal: what is looked for is not there, or the same call may succeed (ruling 7)."""


def as_text(issue: Issue) -> str:
    """The issue as a person would read it."""
    lines = [
        f"{issue.key}  {issue.summary}",
        f"{issue.type} · {issue.status} ({issue.status_category}) · priority {issue.priority or 'none'} · "
        f"labels {', '.join(issue.labels) or 'none'}",
        "",
        issue.description or "(no description)",
        *(f"\n→ {link.title}: {link.url}" for link in issue.remote_links),
        *(f"\n→ {link.relation} {link.key}" for link in issue.links),
        *(f"\n— {comment.body}" for comment in issue.comments),
    ]
    return "\n".join(lines)


class JiraIssues(Tickets[Issue]):
    """Claims about the Jira issues of one incident."""

    name = "Jira"
    callee = "jira"
    as_text = staticmethod(as_text)

    def __init__(self, jira: Jira, journal: Journal, waiting: Waiting, incident: Incident, profile: Profile) -> None:
        super().__init__(jira, journal, waiting, incident)
        self._project = profile.jira.project
        self._rulings = profile.rulings

    @staticmethod
    def is_limited(call: Exchange) -> bool:
        """Whether Jira asked to be left alone for a while, as with every 429 of its own and some 503 (CONTRACTS §2)."""
        return call.answer_header("retry-after") is not None

    @staticmethod
    def is_refused(call: Exchange) -> bool:
        """Whether the same call would be refused again."""
        return call.status is not None and 400 <= call.status < 500 and call.status not in PASSING

    @staticmethod
    def request_of(call: Exchange) -> tuple[str, str]:
        """In Jira a method and a path say what is asked for."""
        return call.method, call.path

    @staticmethod
    def names_of(issue: Issue) -> list[str]:
        """Jira knows an issue by its key and, in an address, by its id."""
        return [issue.key, f"/issue/{issue.id}"]

    # -- what is claimed

    def is_own(self, issue: Issue, alert: Alert, others: list[Alert]) -> None:
        """The issue carries what the alert says and its priority, and nothing of the others."""
        super().is_own(issue, alert, others)
        severity = (alert.severity or "").lower()
        has_priority(issue, self._rulings.jira_priority.get(severity, self._rulings.jira_priority_otherwise))

    def updated(self, alert: Alert, limit: LimitName = "update") -> None:
        """What has happened to the alert comes to be told on its issue, and on no second one."""
        before = self.before(alert)

        def claim(issue: Issue) -> None:
            others = self.about(alert)[1:]
            assert not others, f"Expected {issue.key} to be updated, but {listed(others)} was opened beside it."
            says_more(issue, before)

        self.becomes(alert, claim, limit)

    def closed(self, alert: Alert, limit: LimitName = "update") -> None:
        """The alert's issue comes to be done by a transition, and says in a new comment that the alert is resolved."""
        before = self.before(alert)

        def claim(issue: Issue) -> None:
            edits_no_status(self.calls())
            is_done(issue)
            says_resolved(issue, before)

        self.becomes(alert, claim, limit)

    def _whereabouts(self, alert: Alert) -> str:
        opened = [key for call in self.calls() if alert.mark in call.request_text and (key := key_of_opened(call))]
        if not opened:
            return super()._whereabouts(alert)
        is_gone = opened[-1].startswith(f"{self._project}-")
        return f": agent-sre opened {opened[-1]}{', but that is gone' if is_gone else ' instead'}."


# -- claims about single calls and issues: pure, each with its sentence


def key_of_opened(call: Exchange) -> str | None:
    """The key of the issue that the call has opened, if it has opened one."""
    if call.method != "POST" or call.status != 201 or not call.path.endswith("/issue"):
        return None
    try:
        return str(call.response_json()["key"])
    except (ValueError, LookupError, TypeError):
        return None


def edits_no_status(calls: list[Exchange]) -> None:
    """No call edits a status as if it were a field: only a transition changes it (ruling 5)."""
    edits = [call for call in calls if call.method == "PUT" and "status" in _fields_of(call)]
    assert not edits, (
        f"Expected agent-sre to close the issue by a transition, but it edited the field status "
        f"and was answered {answer_of(edits[0])}."
    )


def _fields_of(call: Exchange) -> set[str]:
    """The fields of an issue that the call is to change."""
    try:
        body = call.request_json()
        return {name for part in ("fields", "update") for name in body.get(part) or ()}
    except (ValueError, AttributeError, TypeError):
        return set()


def is_done(issue: Issue) -> None:
    """The issue is in a status of the category `done`, whatever that is called (ruling 5)."""
    assert issue.status_category == DONE, (
        f"Expected {issue.key} to be in a status of the category done, "
        f"but it is in {issue.status!r} ({issue.status_category})."
    )


def is_of_type(issue: Issue, expected: str) -> None:
    """The issue is of the type that the deployment has agreed on."""
    assert issue.type == expected, f"Expected {issue.key} to be a {expected}, but it is a {issue.type}."


def is_document(issue: Issue) -> None:
    """The issue's description is a document that follows the rules of the Atlassian Document Format."""
    assert issue.document is not None, f"Expected {issue.key} to have a description, but it has none."
    assert adf.is_valid(issue.document), (
        f"Expected the description of {issue.key} to be a valid Atlassian document, "
        f"but it is not: {str(issue.document)[:200]}…"
    )


def says_more(issue: Issue, before: Issue) -> None:
    """Something was told on the issue since then: in a comment, or in a field other than the status."""
    new = [change.field for change in issue.changes[len(before.changes) :] if change.field not in STATUS]
    assert new or commented(issue, before), (
        f"Expected {issue.key} to be updated, but it still has {len(issue.comments)} comments and the same fields."
    )


STATUS = ("status", "resolution")
"""What a transition changes by itself."""


def has_priority(issue: Issue, priority: str) -> None:
    """The issue's priority is the expected one."""
    assert issue.priority == priority, (
        f"Expected {issue.key} to have priority {priority}, but it has {issue.priority or 'none'}."
    )
