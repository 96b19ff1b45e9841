"""Each claim about Jira holds for a good observation, and says in one sentence what is wrong with a bad one."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from steps.drivers.jira import Change, Comment, Issue, RemoteLink, document, plain_text
from steps.incident import calls, jira_issues, logs, tickets
from steps.incident.alert import Alert, make_alert
from steps.incident.incident import Incident
from steps.incident.issues import Issues
from steps.incident.jira_issues import JiraIssues
from steps.incident.texts import PARAGRAPHS
from steps.incident.waiting import Waiting
from steps.targets.profile import Limits, load
from steps.world.earlier import Earlier
from steps.world.journal import Exchange, Journal
from steps.world.services.linear.errors import unauthenticated
from steps.world.services.signals import Signals
from tests.test_claims import CORRELATION, refused

EMAIL, TOKEN = "agent-sre@example.com", "ATATT3x0123456789abcdef"
SITE = "https://acceptance.atlassian.net/rest/api/3"


def issue_of(alert: Alert, **changes: Any) -> Issue:
    """The issue that a good agent opens about the alert, changed as the test wants it."""
    labels = "\n".join(f"{name}: {value}" for name, value in alert.labels.items())
    told = document(f"{alert.annotations.get('description')}\n{labels}\nCorrelation ID: {CORRELATION}")
    now = datetime.now(UTC)
    good: dict[str, Any] = {
        "id": "10042",
        "key": "HOMELAB-7",
        "url": "https://acceptance.atlassian.net/browse/HOMELAB-7",
        "project": "HOMELAB",
        "type": "Task",
        "summary": f"[Alert] {alert.name}",
        "document": told,
        "environment": "",
        "priority": "High",
        "status": "To Do",
        "status_category": "new",
        "labels": ("agent-sre", "warning"),
        "assignee": None,
        "created_at": now,
        "updated_at": now,
        "resolved_at": None,
        "comments": (),
        "links": (),
        "remote_links": (),
        "changes": (),
    }
    issue = good | changes
    return Issue(**{"description": plain_text(issue["document"])} | issue)


def comment(body: str) -> Comment:
    return Comment(
        id=body, body=body, document=document(body), created_at=datetime.now(UTC), edited_at=None, author=None
    )


def change(field: str) -> Change:
    return Change(at=datetime.now(UTC), field=field, before="a", after="b")


def call(path: str = "/issue", method: str = "POST", body: Any = None, answer: Any = None, **said: Any) -> Exchange:
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "jira",
        "url": f"{SITE}{path}",
        "request_body": json.dumps(body).encode(),
        "response_body": json.dumps(answer).encode(),
        "status": 201,
    }
    return Journal().record(method=method, **usual | said)


# -- issues


def test_a_good_issue_fulfils_every_claim_about_its_content() -> None:
    alert = make_alert()
    issue = issue_of(alert)
    jira_issues.is_of_type(issue, "Task")
    jira_issues.is_document(issue)
    jira_issues.has_priority(issue, "High")
    tickets.title_names(issue, alert)
    tickets.carries(issue, alert, [make_alert()])
    tickets.correlates(issue, [CORRELATION])
    tickets.has_labels(issue, ["agent-sre", "Warning"])


def test_the_wrong_type_and_the_wrong_priority_are_named() -> None:
    alert = make_alert()
    refused(lambda: jira_issues.is_of_type(issue_of(alert, type="Epic"), "Task"), "a Task", "a Epic")
    refused(lambda: jira_issues.has_priority(issue_of(alert, priority=None), "High"), "priority High", "none")


def test_a_description_has_to_be_there_and_to_follow_the_rules() -> None:
    alert = make_alert()
    refused(lambda: jira_issues.is_document(issue_of(alert, document=None)), "has none")
    empty = {"type": "doc", "version": 1, "content": [{"type": "text", "text": ""}]}
    refused(lambda: jira_issues.is_document(issue_of(alert, document=empty)), "valid Atlassian document", "'text'")


def test_facts_are_looked_for_in_what_a_document_says() -> None:
    alert = make_alert(labels={"team": "Zürich\n東京"})
    tickets.describes(issue_of(alert), {"label team": "Zürich\n東京"})
    refused(lambda: tickets.describes(issue_of(alert, document=None), {"label team": "x"}), "label team", "is empty")


def test_paragraphs_are_told_whatever_stands_between_them_and_all_of_them_have_to_be() -> None:
    alert = make_alert()
    alert.annotations = {"description": PARAGRAPHS}
    apart = issue_of(alert, document=document(PARAGRAPHS.replace("\n\n", "\n")))
    for issue in (issue_of(alert), apart):
        jira_issues.is_document(issue)
        tickets.tells(issue, alert)
    cut = issue_of(alert, document=document(PARAGRAPHS[:3_000]))
    refused(lambda: tickets.tells(cut, alert), "The first paragraph")
    lines = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in PARAGRAPHS.split("\n")]
    blank = issue_of(alert, document={"type": "doc", "version": 1, "content": lines})
    refused(lambda: jira_issues.is_document(blank), "valid Atlassian document")


@pytest.mark.parametrize("name", ["Done", "Resolved", "Erledigt"])
def test_done_is_a_category_and_no_name(name: str) -> None:
    alert = make_alert()
    jira_issues.is_done(issue_of(alert, status=name, status_category="done"))
    refused(lambda: jira_issues.is_done(issue_of(alert, status=name, status_category="indeterminate")), name)
    assert tickets.is_open(issue_of(alert, status=name)) and not issue_of(alert, status_category="done").is_open


def test_an_update_is_a_comment_or_a_field_but_no_move() -> None:
    alert = make_alert()
    before = issue_of(alert, changes=(change("labels"),))
    jira_issues.says_more(issue_of(alert, changes=before.changes, comments=(comment("again"),)), before)
    jira_issues.says_more(issue_of(alert, changes=(*before.changes, change("description"))), before)
    told = issue_of(alert, changes=before.changes, comments=(comment("notified once"),))
    edited = issue_of(alert, changes=before.changes, comments=(comment("notified twice"),))
    jira_issues.says_more(edited, told)
    refused(lambda: jira_issues.says_more(told.model_copy(), told), "1 comments", "same fields")
    moved = issue_of(alert, changes=(*before.changes, change("status"), change("resolution")))
    refused(lambda: jira_issues.says_more(moved, before), "0 comments", "same fields")


def test_the_evidence_of_an_issue_reads_like_the_issue() -> None:
    alert = make_alert()
    link = RemoteLink(global_id=None, title="SLO", url="https://grafana.example.com/d/slo-checkout")
    shown = jira_issues.as_text(issue_of(alert, comments=(comment("told"),), remote_links=(link,)))
    for part in ("HOMELAB-7", alert.name, "To Do (new)", "priority High", "told", f"SLO: {link.url}"):
        assert part in shown


# -- calls


def test_an_opened_issue_is_known_by_its_answer() -> None:
    assert jira_issues.key_of_opened(call(answer={"key": "HOMELAB-7"})) == "HOMELAB-7"
    others = [call("/issue/HOMELAB-7/comment", answer={"id": "1"}), call(method="GET", answer={"key": "HOMELAB-7"})]
    unread = [call(status=400, answer={"key": "x"}), call(answer=[]), call(response_body=b'{"key": "HOM')]
    assert [jira_issues.key_of_opened(each) for each in others + unread] == [None] * 5


@pytest.mark.parametrize("part", ["fields", "update"])
def test_an_edit_of_the_status_is_no_transition(part: str) -> None:
    def edit(fields: Any) -> Exchange:
        return call("/issue/HOMELAB-7", "PUT", {part: fields}, {"errors": {"status": "cannot be set"}}, status=400)

    moved = call("/issue/HOMELAB-7/transitions", body={"transition": {"id": "31"}, "fields": {"status": 1}}, status=204)
    harmless = [edit({"labels": []}), edit(None), call(method="PUT", request_body=b"{"), call(method="PUT", body=[])]
    jira_issues.edits_no_status([moved, *harmless])
    refused(lambda: jira_issues.edits_no_status([edit({"status": {"name": "Done"}})]), "status", "400", "cannot be set")


def basic(credential: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Basic {base64.b64encode(credential.encode()).decode()}"),)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (basic(f"{EMAIL}:{TOKEN}"), None),
        (basic(f"Agent-SRE@example.com:{TOKEN}"), None),
        ((), "carry none"),
        ((("authorization", f"Bearer {TOKEN}"),), "not Basic"),
        ((("authorization", f"Basic {TOKEN}%"),), "not base64"),
        (basic(TOKEN), "a token without an e-mail address"),
        (basic(f":{TOKEN}"), "a token without an e-mail address"),
        (basic(f"somebody@example.com:{TOKEN}"), "another e-mail address"),
        (basic(f"{EMAIL}:other"), "another token"),
    ],
)
def test_email_address_and_token_are_carried_as_jira_asks(
    headers: tuple[tuple[str, str], ...], words: str | None
) -> None:
    made = [call(request_headers=basic(f"{EMAIL}:{TOKEN}")), call(request_headers=headers)]
    if words is None:
        calls.authenticated_as(made, EMAIL, TOKEN)
    else:
        refused(lambda: calls.authenticated_as(made, EMAIL, TOKEN), "1 of 2", words)
    refused(lambda: calls.authenticated_as([], EMAIL, TOKEN), "there are none")


def test_jira_says_in_whole_seconds_how_long_it_is_left_alone() -> None:
    limited = call(status=429, response_headers=(("retry-after", "2"),), began=10.0, ended=10.1)
    assert limited.asked_until == 12.0
    assert JiraIssues.is_limited(limited) and not JiraIssues.is_limited(call(status=429))


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422])
def test_a_refusal_is_one_that_the_same_call_would_meet_again(status: int) -> None:
    assert JiraIssues.is_refused(call(status=status))
    assert not any(JiraIssues.is_refused(call(status=other)) for other in (201, 404, 408, 429, 500, None))


def test_another_try_is_waited_for_as_long_as_the_pauses_have_grown() -> None:
    first, second = call(began=10.0, ended=10.5), call(began=12.5, ended=13.0)
    assert calls.next_by([first], 1.0) == 11.5
    assert calls.next_by([first, second], 1.0) == 13.0 + 2.0 * calls.GROWTH


# -- logs


def line(event: str, level: str = "error", correlation: str = CORRELATION) -> str:
    return json.dumps({"level": level, "event": event, "correlation_id": correlation})


def test_an_error_at_one_party_is_not_that_of_another() -> None:
    at_jira = [line("POST https://acceptance.atlassian.net failed"), line("Jira answered 500")]
    assert logs.reports_trouble([line("Linear answered 500"), *at_jira], [CORRELATION], "Jira") == at_jira
    refused(lambda: logs.reports_trouble([line("Linear answered 500")], [CORRELATION], "Jira"), "an error at Jira")
    refused(lambda: logs.reports_trouble([line("Jira asked", "info")], [CORRELATION], "Jira"), "none of its 1 lines")
    at_linear = [line("POST https://api.linear.app/graphql had no answer", "warning")]
    assert logs.reports_trouble([*at_jira, *at_linear], [CORRELATION], "Linear") == at_linear


@pytest.mark.parametrize(
    ("told", "is_there"),
    [
        (line("no issue: the title is not valid"), True),
        (f"12:00 ERROR [{CORRELATION}] CreateIssue refused", True),
        (line("could not open the issue", "ERROR").replace("}", ', "tracker": "jira"}'), False),
        (line("the alert needs somebody's attention", "warning"), False),
        (line("an issue is about to be opened", "warning"), False),
        (f"12:00 WARNING [{CORRELATION}] nobody is on call, the issue has no assignee", False),
        (line("an issue with Prometheus"), False),
        (line("PagerDuty answered 500"), False),
    ],
)
def test_who_has_one_tracker_need_not_name_it_in_an_error_about_an_issue(told: str, is_there: bool) -> None:
    if is_there:
        assert logs.reports_trouble([told], [CORRELATION], "Linear") == [told]
    else:
        refused(lambda: logs.reports_trouble([told], [CORRELATION], "Linear"), "an error at Linear")


def test_an_error_is_logged_in_full_or_what_is_left_out_is_named() -> None:
    logs.tells_all(["a: required", "b: wrong"], ["a", "required", "wrong"])
    refused(lambda: logs.tells_all(["a: required"], ["a", "wrong"]), "'wrong'.")
    refused(lambda: logs.tells_all(["a"], ["b", "c", "d"]), "'b' and 2 more")


def test_an_error_may_be_logged_within_quotes() -> None:
    words = {"components": "Component name 'shop' is not \"valid\"."}
    quoted = json.dumps({"error": json.dumps(words)})
    for told in (repr(repr(words)), json.dumps(words), quoted, quoted.replace("'", r"\u0027"), line(repr(words))):
        logs.tells_all([told], words.values())
        refused(lambda told=told: logs.tells_all([told.replace("shop", "")], words.values()), "in full")  # type: ignore[misc]


def test_a_refused_credential_is_told_clearly() -> None:
    logs.tells_refusal(["something broke", "Jira answered 401"])
    logs.tells_refusal(["the token was not accepted"])
    refused(lambda: logs.tells_refusal(["Jira said no", "at 12:00:00.401 o'clock"]), "Jira said no", "2 lines")


@pytest.mark.parametrize("before", ["", "a:", f"{EMAIL}:", "somebody:"])
def test_a_logged_token_is_found_within_base64_wherever_it_begins(before: str) -> None:
    logs.without([f"Basic {base64.b64encode(b'agent:another').decode()}"], TOKEN)
    refused(lambda: logs.without([base64.b64encode(f"{before}{TOKEN}".encode()).decode()], TOKEN), "1 of 1")


# -- an incident's issues


class Tracker:
    """A Jira that holds these issues."""

    def __init__(self, *issues: Issue) -> None:
        self.issues = list(issues)

    def issues_mentioning(self, *facts: str) -> list[Issue]:
        return [issue for issue in self.issues if issue.mentions(*facts)]


def claims(tracker: Tracker, journal: Journal, alert: Alert) -> JiraIssues:
    waiting = Waiting(journal, Limits(ticket=0.1, update=0.1, recovery=0.1, quiet=0.05, patience=1, again=0.3))
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    return JiraIssues(tracker, journal, waiting, incident, load("reference"))  # type: ignore[arg-type]


def record(journal: Journal, status: int | None, answer: Any, **said: Any) -> None:
    usual = {"caller": "agent-sre", "callee": "jira", "method": "POST", "url": f"{SITE}/issue"}
    journal.record(**usual | said, status=status, response_body=json.dumps(answer).encode())


def test_an_issue_that_is_missing_is_told_with_what_became_of_it(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(), journal, alert)
    refused(lambda: issues.of(alert), "no event of the alert reached agent-sre")
    delivery = {"caller": "broker", "callee": "agent-sre", "url": "http://agent/", "request_body": alert.mark.encode()}
    record(journal, 400, {"error": "invalid content type"}, **delivery)
    refused(lambda: issues.of(alert), "agent-sre refused the alert's event", "400", "invalid content type")
    record(journal, 202, {}, **delivery)
    refused(lambda: issues.of(alert), "answered 202 and did not call Jira")
    record(journal, 400, {"errors": {"description": "must be a document"}})
    refused(lambda: issues.of(alert), "called Jira 1 times", "400", "description", "must be a document")
    record(journal, 201, {"key": "OPS-1"}, request_body=alert.mark.encode())
    refused(lambda: issues.of(alert), "agent-sre opened OPS-1 instead")
    record(journal, 201, {"key": "HOMELAB-9"}, request_body=alert.mark.encode())
    refused(lambda: issues.of(alert), "agent-sre opened HOMELAB-9, but that is gone")


def comes_late(journal: Journal, alert: Alert, in_time: bool) -> None:
    """The issue comes when the limit of a ticket is over and that of a recovery is not: in time or too late."""
    tracker = Tracker()
    issues = claims(tracker, journal, alert)
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"recovery": 2})
    later = threading.Timer(0.4, lambda: tracker.issues.append(issue_of(alert)))
    later.start()
    if in_time:
        assert issues.of(alert).key == "HOMELAB-7"
    else:
        refused(lambda: issues.of(alert), "there is none", "'ticket'")
    later.join()


@pytest.mark.parametrize(("fault", "in_time"), [("answers 500", True), (None, False)])
def test_an_issue_may_come_later_where_jira_has_failed(journal: Journal, fault: str | None, in_time: bool) -> None:
    alert = make_alert()
    record(journal, 500, {}, request_body=alert.mark.encode(), fault=fault)
    comes_late(journal, alert, in_time)


@pytest.mark.parametrize(("fault", "in_time"), [("no answer", True), (None, False)])
def test_an_issue_may_come_later_where_jira_has_not_answered_yet(
    journal: Journal, fault: str | None, in_time: bool
) -> None:
    """Who gives a call up after ten seconds has none behind him when the limit of an issue is over."""
    flight = journal.begin(caller="agent-sre", callee="jira", method="POST", url=f"{SITE}/issue", headers=())
    flight.fault = fault
    comes_late(journal, make_alert(), in_time)


def test_an_issue_that_never_comes_is_missed_where_jira_has_failed_too(journal: Journal) -> None:
    alert = make_alert()
    record(journal, 500, {}, request_body=alert.mark.encode(), fault="answers 500")
    refused(lambda: claims(Tracker(), journal, alert).of(alert), "there is none", "'recovery'")


def test_two_issues_about_one_alert_are_one_too_many(journal: Journal) -> None:
    alert = make_alert()
    assert claims(Tracker(issue_of(alert)), journal, alert).exactly_one(alert).key == "HOMELAB-7"
    two = Tracker(issue_of(alert), issue_of(alert, key="HOMELAB-8", id="10043"))
    refused(lambda: claims(two, journal, alert).exactly_one(alert), "exactly one Jira issue", "HOMELAB-8")


def moved_at(issues: JiraIssues, alert: Alert) -> float:
    """When something has moved about the alert at last, as far as the claims wait for rest from then on."""
    times: list[float | None] = []
    waiting = SimpleNamespace(quiet=lambda moved: times.append(moved()), limits=issues._waiting.limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issues, "_waiting", waiting)
        issues.quiet(alert)
    assert times[0] is not None
    return times[0]


def test_work_on_an_issue_is_seen_by_its_key_and_by_its_number(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(issue_of(alert)), journal, alert)
    for ref, moved in (("HOMELAB-7", True), ("10042", True), ("HOMELAB-77", False), ("100420", False)):
        began = journal.cursor()
        record(journal, 201, {}, url=f"{SITE}/issue/{ref}/comment")
        assert (moved_at(issues, alert) >= began) is moved


def test_who_watches_the_functions_of_an_alert_may_be_at_rest_and_who_calls_one_is_not(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(issue_of(alert)), journal, alert)
    call: dict[str, Any] = {"caller": "agent-sre", "method": "GET", "headers": ()}
    listed = "https://kubernetes.test/apis/lambda.knative.io/v1alpha1/lambdafunctions"
    journal.begin(**call, callee="kubernetes", url=f"{listed}?watch=true").received(f"repair-{alert.mark}".encode())
    issues.quiet(alert)
    journal.begin(**call, callee="functions", url=f"http://repair-{alert.mark}.ai.svc.cluster.local/")
    with pytest.raises(AssertionError, match="come to rest"):
        issues.quiet(alert)


def test_a_call_without_a_good_answer_has_time_to_be_tried_again(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(issue_of(alert)), journal, alert)
    limits = issues._waiting.limits
    for status, tried_again in ((201, False), (400, False), (500, True), (429, True), (None, True)):
        began = journal.cursor()
        record(journal, status, {}, error=None if status else "The connection was reset.")
        assert (moved_at(issues, alert) + limits.quiet >= began + limits.again) is tried_again
    record(journal, 201, {})
    assert moved_at(issues, alert) + limits.quiet < journal.cursor() + limits.again


def test_an_event_that_was_not_taken_has_time_to_be_delivered_again(journal: Journal) -> None:
    alert, other = make_alert(), make_alert()
    issues = claims(Tracker(issue_of(alert)), journal, alert)
    again = issues._waiting.limits.again - issues._waiting.limits.quiet

    def deliver(status: int | None, about: Alert = alert) -> float:
        delivery = {"caller": "broker", "callee": "agent-sre", "url": "http://agent/"}
        error = None if status else "The connection was reset."
        record(journal, status, {}, **delivery, request_body=about.mark.encode(), error=error)
        return journal.exchanges(mentioning=about.mark)[-1].ended

    for status, comes_again in ((202, False), (400, False), (500, True), (409, True), (429, True), (None, True)):
        ended = deliver(status)
        assert moved_at(issues, alert) == pytest.approx(ended + again if comes_again else ended)
    ended = deliver(200)
    deliver(500, about=other)
    assert moved_at(issues, alert) == pytest.approx(ended)


def test_who_never_takes_an_event_comes_to_rest_all_the_same(journal: Journal) -> None:
    """The broker gives up in the end, or pauses for longer than anybody waits."""
    alert = make_alert()
    issues = claims(Tracker(issue_of(alert)), journal, alert)
    delivery = {"caller": "broker", "callee": "agent-sre", "url": "http://agent/", "request_body": alert.mark.encode()}
    record(journal, 503, {}, **delivery)
    issues.quiet(alert)
    assert journal.cursor() >= journal.exchanges()[-1].ended + issues._waiting.limits.again


def test_an_open_issue_comes_within_the_limit_that_is_asked_for_or_is_missed(journal: Journal) -> None:
    alert = make_alert()
    tracker = Tracker(issue_of(alert, status="Done", status_category="done"))
    issues = claims(tracker, journal, alert)
    refused(lambda: issues.open_about_each(alert, limit="recovery"), "open Jira issue", "only HOMELAB-7", "'recovery'")
    tracker.issues = []
    refused(lambda: issues.open_about_each(alert, limit="recovery"), "open Jira issue", "there is none")
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"recovery": 2})
    later = threading.Timer(0.4, lambda: tracker.issues.append(issue_of(alert)))
    later.start()
    issues.open_about_each(alert, limit="recovery")
    later.join()


def test_closing_takes_a_done_status_a_new_comment_and_no_edit(journal: Journal) -> None:
    alert = make_alert()
    tracker = Tracker(issue_of(alert, comments=(comment("resolved before"),)))
    issues = claims(tracker, journal, alert)
    refused(lambda: issues.closed(alert), "to begin with")
    issues.note(alert)
    refused(lambda: issues.closed(alert), "category done", "To Do")
    done = {"status": "Done", "status_category": "done"}
    tracker.issues = [issue_of(alert, **done, comments=(comment("resolved before"),))]
    refused(lambda: issues.closed(alert), "new comment", "none")
    tracker.issues = [issue_of(alert, **done, comments=(comment("resolved before"), comment("The alert is over.")))]
    issues.closed(alert)
    record(journal, 400, {}, method="PUT", request_body=b'{"fields": {"status": {"name": "Done"}}}')
    refused(lambda: issues.closed(alert), "by a transition", "edited the field status")


def test_an_update_belongs_on_the_alerts_own_issue(journal: Journal) -> None:
    alert = make_alert()
    tracker = Tracker(issue_of(alert))
    issues = claims(tracker, journal, alert)
    issues.note(alert)
    refused(lambda: issues.updated(alert), "HOMELAB-7 to be updated", "0 comments")
    tracker.issues = [issue_of(alert, comments=(comment("again"),))]
    issues.updated(alert)
    tracker.issues.append(issue_of(alert, key="HOMELAB-8"))
    refused(lambda: issues.updated(alert), "HOMELAB-8", "was opened beside it")


@pytest.mark.parametrize("claim", [JiraIssues.updated, JiraIssues.closed])
def test_after_an_outage_an_update_and_a_closure_may_come_later_and_have_to_come(journal: Journal, claim: Any) -> None:
    alert = make_alert()
    tracker = Tracker(issue_of(alert))
    issues = claims(tracker, journal, alert)
    issues.note(alert)
    refused(lambda: claim(issues, alert), "'update'")
    refused(lambda: claim(issues, alert, "recovery"), "'recovery'")
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"recovery": 2})
    told = issue_of(alert, status="Done", status_category="done", comments=(comment("The alert is over."),))
    later = threading.Timer(0.4, lambda: tracker.issues.__setitem__(0, told))
    later.start()
    claim(issues, alert, "recovery")
    later.join()


def test_an_alerts_own_priority_belongs_to_its_own_issue(journal: Journal) -> None:
    one, other = make_alert(severity="critical"), make_alert(severity="odd")
    issues = claims(Tracker(), journal, one)
    issues.is_own(issue_of(one, priority="Highest"), one, [other])
    issues.is_own(issue_of(other, priority="Medium"), other, [one])
    refused(lambda: issues.is_own(issue_of(other), other, [one]), "priority Medium", "has High")
    strange = issue_of(one, priority="Highest", comments=(comment(other.name),))
    refused(lambda: issues.is_own(strange, one, [other]), other.name)


def test_what_was_over_before_it_was_opened_leaves_nothing_open(journal: Journal) -> None:
    alert, other = make_alert(), make_alert()
    tracker = Tracker(issue_of(other))
    issues = claims(tracker, journal, alert)
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"recovery": 0.1})
    issues.none_left_open(alert, other)
    tracker.issues.append(issue_of(alert, status_category="done"))
    issues.none_left_open(alert, other)
    assert all(absence.control() for absence in issues._incident.denied)
    tracker.issues.append(issue_of(alert))
    refused(lambda: issues.none_left_open(alert, other), alert.name, "over before", "HOMELAB-7")


def test_an_alert_is_notified_until_the_new_token_is_in_use(journal: Journal) -> None:
    alert, tracker, told = make_alert(), Tracker(), []
    issues = claims(tracker, journal, alert)
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"rotation": 1, "again": 0.1})

    def opens_at(time_: int) -> None:
        told.append(journal.cursor())
        if len(told) == time_:
            tracker.issues.append(issue_of(alert))

    issues.opened_by_repeating(alert, lambda: opens_at(3))
    assert len(told) == 3 and all(after - before >= 0.1 for before, after in pairwise(told))
    issues.exactly_one(alert)
    tracker.issues.clear()
    told.clear()
    issues.opened_by_repeating(alert, lambda: opens_at(0))
    assert 3 <= len(told) <= 12 and told[-1] - told[0] >= 0.9
    refused(lambda: issues.exactly_one(alert), "but there is none")


@pytest.mark.parametrize(("outcome", "missing"), [("pod-restart succeeded", None), ("", "how pod-restart ended")])
def test_a_remediation_may_be_told_in_jiras_description(journal: Journal, outcome: str, missing: str | None) -> None:
    alert = make_alert()
    tracker = Tracker(issue_of(alert))
    issues = claims(tracker, journal, alert)

    def describe(text: str) -> None:
        body = json.dumps({"update": {"description": [{"set": document(f"{alert.mark}\n{text}")}]}}).encode()
        record(journal, 204, {}, method="PUT", url=f"{SITE}/issue/HOMELAB-7", request_body=body)

    describe("calling pod-restart")
    done = journal.record(caller="agent-sre", callee="functions", method="POST", url="http://pod-restart.ai.svc/")
    time.sleep(0.01)
    describe(outcome)
    if missing:
        refused(lambda: issues.tells_remediation(alert, lambda: done), missing)
    else:
        issues.tells_remediation(alert, lambda: done)


@pytest.mark.parametrize(("status", "in_time"), [(500, True), (200, False)])
def test_the_end_of_a_remediation_that_may_be_tried_again_is_told_later(
    journal: Journal, status: int, in_time: bool
) -> None:
    alert, start = make_alert(function="pod-restart"), comment("calling pod-restart")
    tracker = Tracker(issue_of(alert, comments=(start,)))
    issues = claims(tracker, journal, alert)
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"recovery": 2})
    function = {"caller": "agent-sre", "callee": "functions", "method": "POST", "url": "http://pod-restart.ai.svc/"}
    call = journal.record(**function, status=status)

    def tell_end() -> None:
        tracker.issues[:] = [issue_of(alert, comments=(start, comment("failed after 4 tries")))]

    later = threading.Timer(0.4, tell_end)
    later.start()
    if in_time:
        issues.tells_remediation(alert, lambda: call)
    else:
        refused(lambda: issues.tells_remediation(alert, lambda: call), "how pod-restart ended", "'update'")
    later.join()


def test_a_remediation_that_may_be_tried_again_has_its_failure_ticket_later(journal: Journal) -> None:
    alert = make_alert()
    own, failure = issue_of(alert), issue_of(alert, key="HOMELAB-8", id="10043")
    tracker = Tracker(own)
    issues = claims(tracker, journal, alert)
    refused(lambda: issues.second(alert), "failed remediation", "'recovery'")
    issues._waiting.limits = issues._waiting.limits.model_copy(update={"recovery": 2})
    later = threading.Timer(0.4, lambda: tracker.issues.append(failure))
    later.start()
    assert issues.second(alert) == failure
    later.join()


def test_a_failure_is_told_otherwise_than_the_success_of_another_alert(journal: Journal) -> None:
    failed, well = make_alert(function="pod-restart"), make_alert(function="pod-restart")
    call = journal.record(caller="agent-sre", callee="functions", method="POST", url="http://pod-restart.ai.svc/")
    time.sleep(0.01)
    start = "calling pod-restart"
    done = issue_of(well, comments=(comment(start), comment(f"success: pod {well.pod} is restarted")))
    tracker = Tracker(done)
    issues = claims(tracker, journal, failed)
    for told, is_good in (("failure: forbidden by policy", True), (f"success: pod {failed.pod} is restarted", False)):
        tracker.issues[1:] = [issue_of(failed, comments=(comment(start), comment(told)))]
        if is_good:
            issues.tells_failure(failed, call, well, call)
        else:
            refused(lambda: issues.tells_failure(failed, call, well, call), "HOMELAB-7", "has failed", "success: pod")
    assert all(absence.control() for absence in issues._incident.denied)


def test_giving_up_is_few_tries_and_then_none(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(), journal, alert)
    refused(lambda: issues.gives_up(alert, 2), "never did")
    record(journal, 400, {})
    issues.gives_up(alert, 2)
    record(journal, 400, {})
    record(journal, 401, {})
    refused(lambda: issues.gives_up(alert, 2), "at most 2 tries", "tried 3 times")
    record(journal, 401, {}, request_body=b'{"issue": "HOMELAB-3"}')
    refused(lambda: issues.gives_up(alert, 3), "tried 4 times")
    issues._incident.earlier = Earlier(journal, frozenset(["HOMELAB-3"]))
    issues.gives_up(alert, 3)


def test_tries_are_counted_of_one_call_and_not_of_all_that_a_refused_token_meets(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(), journal, alert)
    for method, path in (("GET", "/myself"), ("GET", "/search/jql"), ("GET", "/issue/A-1"), ("POST", "/issue")):
        record(journal, 401, {}, method=method, url=f"{SITE}{path}")
    issues.gives_up(alert, 1)
    record(journal, 401, {}, method="GET", url=f"{SITE}/search/jql?jql=another")
    refused(lambda: issues.gives_up(alert, 1), "at most 1 tries", "tried 2 times")


def test_linear_is_asked_for_other_fields_by_another_call(journal: Journal) -> None:
    alert = make_alert()
    of_jira = claims(Tracker(), journal, alert)
    issues = Issues(Tracker(), journal, of_jira._waiting, of_jira._incident, load("reference"))  # type: ignore[arg-type]

    def ask(query: str) -> None:
        body = json.dumps({"query": query}).encode()
        answer = unauthenticated()
        at = {"caller": "agent-sre", "callee": "linear", "url": "https://api.linear.app/graphql", "request_body": body}
        journal.record(**at, method="POST", status=answer.status, response_body=answer.body)

    for field in ("viewer", "teams", "users", "issues", "issueLabels", "workflowStates"):
        ask(f"{{ {field} {{ id }} }}")
    issues.gives_up(alert, 1)
    ask("{ me: viewer { email } }")
    refused(lambda: issues.gives_up(alert, 1), "at most 1 tries", "tried 2 times")


def test_calls_count_for_an_alert_from_when_it_is_told_even_before_the_agent_answers(journal: Journal) -> None:
    alert = make_alert()
    issues = claims(Tracker(), journal, alert)
    record(journal, 200, {})
    assert issues.calls_since_told(alert) == []
    event = journal.begin(caller="broker", callee="agent-sre", method="POST", url="http://agent-sre/", headers=())
    event.sent(alert.mark.encode())
    record(journal, 503, {})
    assert [call.status for call in issues.calls_since_told(alert)] == [503]
    event.end()
    assert [call.status for call in issues.calls_since_told(alert)] == [503]
