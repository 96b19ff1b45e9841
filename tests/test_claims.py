"""Each claim of the sentences holds for a good observation, and says in one sentence what is wrong with a bad one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from steps.drivers.linear import Attachment, Comment, Issue, Relation
from steps.incident import calls, events, issues, logs, remediation
from steps.incident.alert import Alert, Rule, make_alert
from steps.incident.events import FIRED, RESOLVED, Events, Sent, event_about
from steps.incident.facts import label_facts
from steps.incident.incident import Incident
from steps.incident.malformed import MALFORMED
from steps.incident.notification import Status, common, fingerprint, notification
from steps.incident.sayings import sayings
from steps.incident.texts import LACKS
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets.profile import Limits, load
from steps.world.cluster.cloudevent import Event, decode, encode
from steps.world.journal import Exchange, Journal
from steps.world.services.linear import errors
from steps.world.services.signals import Signals

CORRELATION = "9b2d1c1e-6f0a-4c55-8a52-0d6f8f4b7a11"


def refused(claim: Callable[[], Any], *words: str) -> None:
    """The claim does not hold, and its one sentence names all the words."""
    with pytest.raises(AssertionError) as missed:
        claim()
    sentence = str(missed.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence, f"{word!r} is not in: {sentence}"


def issue_of(alert: Alert, **changes: Any) -> Issue:
    """The issue that a good agent opens about the alert, changed as the test wants it."""
    labels = "\n".join(f"- {name}: {value}" for name, value in alert.labels.items())
    now = datetime.now(UTC)
    good: dict[str, Any] = {
        "id": "0d7b9f0e-3c43-4f0b-8d0b-1f2a3b4c5d6e",
        "identifier": "BVL-7",
        "title": f"[Alert] {alert.name}",
        "description": f"{alert.annotations.get('description')}\n{labels}\nCorrelation ID: {CORRELATION}",
        "priority": 2,
        "state_name": "Backlog",
        "state_type": "backlog",
        "team_key": "BVL",
        "labels": ("agent-sre", "warning"),
        "assignee_email": "ada.lovelace@example.com",
        "url": "https://linear.app/homelab/issue/BVL-7",
        "created_at": now,
        "completed_at": None,
        "canceled_at": None,
        "archived": False,
        "comments": (),
        "attachments": (),
        "relations": (),
    }
    return Issue(**good | changes)


def comment(body: str, at: datetime | None = None) -> Comment:
    return Comment(id=body, body=body, created_at=at or datetime.now(UTC), edited_at=None, author_email=None)


def exchange(**said: Any) -> Exchange:
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "linear",
        "method": "POST",
        "url": "https://api.linear.app/graphql",
    }
    return Journal().record(**usual | said)


def sent(alert: Alert, happening: events.Happening = "fired", **said: Any) -> Sent:
    event = event_about(alert, happening, CORRELATION)
    message = encode(event, "structured")
    usual: dict[str, Any] = {
        "caller": "prometheus-events",
        "callee": "broker",
        "url": "http://broker/",
        "request_headers": message.headers,
        "request_body": message.body,
        "status": 202,
    }
    return Sent(event, exchange(**usual | said))


# -- issues


def test_a_good_issue_fulfils_every_claim_about_its_content() -> None:
    alert = make_alert()
    issue = issue_of(alert)
    issues.in_team(issue, "BVL")
    issues.title_names(issue, alert)
    issues.carries(issue, alert, [make_alert()])
    issues.describes(issue, {"correlation id": CORRELATION})
    issues.has_priority(issue, 2)
    issues.has_labels(issue, ["agent-sre", "Warning"])
    issues.is_assigned(issue, "ada.lovelace@example.com")


@pytest.mark.parametrize("something", LACKS)
def test_an_alert_is_known_by_its_name_whatever_it_lacks(something: str) -> None:
    alert = make_alert(severity="info")
    LACKS[something](alert)
    assert alert.called == alert.name
    issues.title_names(issue_of(alert), alert)
    issues.describes(issue_of(alert), label_facts(alert))


def test_an_issue_in_the_wrong_team_is_refused() -> None:
    refused(lambda: issues.in_team(issue_of(make_alert(), team_key="OPS"), "BVL"), "OPS", "BVL")


def test_a_missing_correlation_id_is_named() -> None:
    issues.correlates(issue_of(make_alert()), ["other", CORRELATION])
    refused(lambda: issues.correlates(issue_of(make_alert()), ["other"]), "other")


def test_an_empty_description_is_refused() -> None:
    alert = make_alert()
    refused(lambda: issues.describes(issue_of(alert, description=""), {"label pod": alert.pod}), "is empty")


def test_a_missing_label_value_is_named() -> None:
    alert = make_alert(labels={"team": "platform"})
    description = issue_of(alert).description or ""
    issue = issue_of(alert, description=description.replace("platform", ""))
    refused(lambda: issues.carries(issue, alert, []), "label team", "platform")


def test_letter_case_belongs_to_a_labels_value_and_not_to_a_severity() -> None:
    alert = make_alert(severity="Warning", labels={"team": "Checkout-Crew", "path": "C:\\Temp & *more*"})
    good = issue_of(alert).description or ""
    facts = label_facts(alert)
    for same in (good, good.replace("Warning", "WARNING"), good.replace("*more*", "\\*more\\*"), html.escape(good)):
        issues.describes(issue_of(alert, description=same), facts)
        issues.holds(issue_of(alert, description=same), facts)
    other = issue_of(alert, description=good.replace("Checkout-Crew", "checkout-crew"))
    refused(lambda: issues.describes(other, facts), "label team 'Checkout-Crew'")
    refused(lambda: issues.holds(other, facts), "label team 'Checkout-Crew'")


def test_an_issue_that_names_another_alert_is_refused() -> None:
    alert, other = make_alert(), make_alert()
    issue = issue_of(alert, comments=(comment(f"also {other.name}"),))
    refused(lambda: issues.carries(issue, alert, [other]), other.name)


def test_a_description_is_recognised_behind_markdown() -> None:
    alert = make_alert()
    alert.annotations["description"] = 'a_b * 2 < 3\nsecond "line" & more'
    quoted = '> a\\_b \\* 2 &lt; 3\n> second "line" &amp; more'
    issues.tells(issue_of(alert, description=quoted), alert)


@pytest.mark.parametrize("empty", [">", "> ", ">\t"])
def test_a_quotation_may_have_empty_lines(empty: str) -> None:
    alert = make_alert()
    alert.annotations = {"description": "first line\n\nthird line"}
    issues.tells(issue_of(alert, description=f"> first line\n{empty}\n> third line"), alert)
    refused(lambda: issues.tells(issue_of(alert, description=f"> first line\n{empty}"), alert), "to tell")


def test_a_truncated_description_is_refused() -> None:
    alert = make_alert()
    alert.annotations = {"description": "x" * 4000 + " the end"}
    refused(lambda: issues.tells(issue_of(alert, description="x" * 255), alert), "to tell")


@pytest.mark.parametrize(("priority", "words"), [(3, "3 (Normal)"), (0, "0 (none)")])
def test_a_wrong_priority_is_named(priority: int, words: str) -> None:
    refused(lambda: issues.has_priority(issue_of(make_alert(), priority=priority), 1), "priority 1 (Urgent)", words)


def test_a_missing_label_is_refused() -> None:
    refused(lambda: issues.has_labels(issue_of(make_alert(), labels=()), ["agent-sre"]), "agent-sre", "none")


def test_the_severity_of_another_alert_is_no_label() -> None:
    alert, both = make_alert(severity="warning"), ["warning", "critical"]
    for own in (("agent-sre", "warning"), ("Warning",), ("agent-sre", "severity:critical", "warning", "not-critical")):
        issues.has_one_severity(issue_of(alert, labels=own), "warning", both)
    piled = issue_of(alert, labels=("agent-sre", "Critical", "warning"))
    refused(lambda: issues.has_one_severity(piled, "warning", both), "no other severity", "Critical")
    refused(
        lambda: issues.has_one_severity(issue_of(alert, labels=("critical",)), "warning", both), "the labels warning"
    )


def test_the_wrong_assignee_is_named() -> None:
    refused(lambda: issues.is_assigned(issue_of(make_alert()), None), "nobody", "ada.lovelace@example.com")


def test_a_link_may_be_an_attachment_or_stand_in_the_text() -> None:
    address = "https://grafana.example.com/d/slo-checkout"
    attached = Attachment(id="a", title="SLO", subtitle=None, url=address)
    issues.links_to(issue_of(make_alert(), attachments=(attached,)), address, "the dashboard")
    issues.links_to(issue_of(make_alert(), description=f"[SLO]({address})"), address, "the dashboard")
    refused(lambda: issues.links_to(issue_of(make_alert()), address, "the dashboard"), address, "none")


@pytest.mark.parametrize("state", ["backlog", "started", "canceled"])
def test_only_a_completed_state_is_closed(state: str) -> None:
    refused(lambda: issues.is_completed(issue_of(make_alert(), state_type=state, state_name="Odd")), "Odd", state)


def test_closing_needs_a_new_comment_that_says_so() -> None:
    alert = make_alert()
    before = issue_of(alert, comments=(comment("resolved before"),))
    done = {"state_type": "completed", "state_name": "Done"}
    issues.closed_with_comment(issue_of(alert, **done, comments=(*before.comments, comment("Alert resolved."))), before)
    refused(lambda: issues.closed_with_comment(issue_of(alert, **done, comments=before.comments), before), "none")
    again = (*before.comments, comment("Resolved before, 2"))
    refused(lambda: issues.closed_with_comment(issue_of(alert, **done, comments=again), before), "only says again")


def test_an_update_is_a_comment_or_other_words() -> None:
    alert = make_alert()
    before = issue_of(alert)
    issues.says_more(issue_of(alert, comments=(comment("again"),)), before)
    issues.says_more(issue_of(alert, description=f"{before.description}\nNotified again."), before)
    before = issue_of(alert, comments=(comment("notified once"),))
    issues.says_more(issue_of(alert, comments=(comment("notified twice"),)), before)
    refused(lambda: issues.says_more(before.model_copy(), before), "1 comments")
    before = issue_of(alert)
    refused(lambda: issues.says_more(issue_of(alert, state_name="In Progress"), before), "0 comments")


def test_what_markdown_escapes_is_told_all_the_same() -> None:
    def escaped(text: str) -> str:
        return re.sub(r"([\\`*_{}\[\]()#+\-.!])", r"\\\1", text)

    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    issue = issue_of(alert, description=escaped(f"Correlation ID: {CORRELATION}"))
    issues.correlates(issue, [CORRELATION])
    refused(lambda: issues.correlates(issue, [CORRELATION[:-1] + "2"]), "BVL-7", "correlation id")
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    end = comment(escaped("pod-restart succeeded"), now + timedelta(seconds=1))
    told = [
        comment(escaped(f"{function} was started"), now - timedelta(seconds=1)) for function in ("pod-restart", "x")
    ]
    issues.tells_remediation(issue_of(alert, comments=(told[0], end)), call)
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=(told[1],)), call), "pod-restart was started")


@pytest.mark.parametrize(
    "words",
    [
        *("Remediation initiated: pod-restart", "Attempting remediation by pod-restart", "pod-restart is in progress"),
        *("Remediating with pod-restart", "Requested pod-restart", "Scheduled: pod-restart", "pod-restart: pending"),
        *("Request sent to pod-restart", "Delegated to pod-restart", "Handed to pod-restart"),
        *("Taking action: pod-restart", "Requested pod-restart, the outcome will be told here"),
    ],
)
def test_a_start_that_is_told_late_is_told_in_any_usual_words(words: str) -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    start, end = (comment(text, now + timedelta(seconds=1)) for text in (words, "Outcome of pod-restart: success"))
    issues.tells_remediation(issue_of(alert, comments=(start, end)), call)
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=(end,)), call), "was started")
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=(start,)), call), "how pod-restart ended")


@pytest.mark.parametrize(
    "words",
    [
        *(
            "pod-restart failed, as requested",
            "❌ pod-restart, the request was sent",
            "Sent to pod-restart, with no result",
        ),
        *("The pod of pod-restart is represented", "Resolved as scheduled by pod-restart"),
    ],
)
def test_an_end_that_names_what_was_asked_for_is_no_start(words: str) -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    ends = [comment(text, now + timedelta(seconds=1)) for text in (words, "Outcome of pod-restart: success")]
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=tuple(ends)), call), "was started")


def test_what_is_to_be_done_is_no_start() -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    end = comment("pod-restart succeeded", now + timedelta(seconds=1))
    planned = issue_of(alert, description="Remediation: pod-restart (pending)", comments=(end,))
    refused(lambda: issues.tells_remediation(planned, call), "was started")


@pytest.mark.parametrize("line_break", ["\n", "<br>", "<br/>", "<br />", r"\n", r"\r\n"])
def test_lines_of_a_value_may_be_broken_in_any_way(line_break: str) -> None:
    issue = issue_of(make_alert(), description=f"| note | first{line_break}second |")
    issues.holds(issue, {"label note": "first\nsecond"})
    refused(lambda: issues.holds(issue, {"label note": "first\nthird"}), "BVL-7", "label note")


def test_labels_may_be_told_as_json_is_written() -> None:
    value = 'the "A" team\'s\nsecond line\tin C:\\temp\\new, 東京'
    told = json.dumps({"team": value}, indent=2, ensure_ascii=False)
    issue = issue_of(make_alert(), description=f"## Labels\n```json\n{told}\n```")
    issues.holds(issue, {"label team": value})
    for other in (value.replace("second", "third"), value.replace("temp", "emp"), value.replace("\n", "")):
        refused(lambda other=other: issues.holds(issue, {"label team": other}), "BVL-7", "label team")  # type: ignore[misc]


def test_a_remediation_is_told_when_it_starts_and_when_it_ends() -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    start = comment("calling pod-restart", now - timedelta(seconds=1))
    end = comment("pod-restart succeeded", now + timedelta(seconds=1))
    issues.tells_remediation(issue_of(alert, comments=(start, end)), call)
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=(start,)), call), "how pod-restart ended")
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=(end,)), call), "was started")


def test_a_start_that_is_told_late_is_told_in_words() -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    start = comment("Remediation **pod-restart** started", now + timedelta(seconds=1))
    end = comment("pod-restart succeeded", now + timedelta(seconds=2))
    issues.tells_remediation(issue_of(alert, comments=(start, end)), call)
    refused(lambda: issues.tells_remediation(issue_of(alert, comments=(start,)), call), "how pod-restart ended")


def test_what_the_alert_asks_for_is_no_start() -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=now.timestamp())
    end = comment("pod-restart succeeded", now + timedelta(seconds=1))
    repeated = "Firing since 10:00\n\n- lambda_function: pod-restart"
    refused(
        lambda: issues.tells_remediation(issue_of(alert, description=repeated, comments=(end,)), call), "was started"
    )
    told = f"{repeated}\n\nRemediation: calling pod-restart"
    issues.tells_remediation(issue_of(alert, description=told, comments=(end,)), call)


def ask(query: str, *, at: datetime, **variables: Any) -> Exchange:
    body = json.dumps({"query": query, "variables": variables}).encode()
    began = at.timestamp()
    return exchange(request_body=body, response_body=b'{"data": {}}', status=200, began=began, ended=began)


OPEN = "mutation m($i: IssueCreateInput!) { issueCreate(input: $i) { success } }"
UPDATE = 'mutation m($text: String!) { issueUpdate(id: "BVL-7", input: { description: $text }) { success } }'
COMMENT = "mutation m($i: CommentCreateInput!) { commentCreate(input: $i) { success } }"
EDIT = "mutation m($id: String!, $i: CommentUpdateInput!) { commentUpdate(id: $id, input: $i) { success } }"
SEARCH = "query q($f: IssueFilter) { issues(filter: $f) { nodes { id } } }"
ECHO = "Firing since 10:00\n\n- lambda_function: pod-restart"
START, END = "Remediation: calling pod-restart", "Remediation: pod-restart succeeded"


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO}\n\n{START}\n{END}"), None),
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO}\n\n{END}"), None),
        (
            (ECHO, f"{ECHO}\n\n## Remediation\n\n- pod-restart: ⏳", f"{ECHO}\n\n## Remediation\n\n- pod-restart: ✅"),
            None,
        ),
        ((ECHO, f"{ECHO}\n\n## Started\n\n- lambda_function: pod-restart", f"{ECHO}\n\n## All well"), None),
        ((ECHO, f"{ECHO}\n\n## Looking", f"{ECHO}\n\n## Looking\n\n{END}"), "was started"),
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO}\n\n{START}\n\n{START}"), "how pod-restart ended"),
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO}\n\n{START}"), "how pod-restart ended"),
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO.replace('10:00', '11:00')}\n\n{START}"), "how pod-restart ended"),
        ((ECHO, f"{ECHO}\n\n{START}", ECHO), "how pod-restart ended"),
        ((ECHO, ECHO, f"{ECHO}\n\n{END}"), "was started"),
        ((ECHO, ECHO, f"{ECHO}\n\n{START}"), "how pod-restart ended"),
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO}\n\n{START}\n\n## Logs\n\nout of memory"), "how pod-restart ended"),
        ((ECHO, f"{ECHO}\n\n{START}", f"{ECHO}\n\n{START}\n\n## Remediation\n\nit succeeded"), None),
    ],
)
def test_a_remediation_may_be_told_in_the_description_be_the_start_written_over_or_not(
    texts: tuple[str, str, str], missing: str | None
) -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    opened, started, ended = (now - timedelta(seconds=ago) for ago in (9, 6, 0))
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=(now - timedelta(seconds=3)).timestamp())
    about = [
        ask(OPEN, at=opened, i={"id": "u-7", "description": texts[0]}),
        ask(UPDATE, at=started, text=texts[1]),
        ask(UPDATE, at=ended, text=texts[2]),
    ]
    issue = issue_of(alert, description=texts[2], created_at=opened)
    said = sayings(about, issue.created_at)
    assert [one.text for one in said if not one.is_comment] == list(texts)
    if missing:
        refused(lambda: issues.tells_remediation(issue, call, said), missing)
    else:
        issues.tells_remediation(issue, call, said)


@pytest.mark.parametrize(
    ("first", "then", "missing"),
    [
        ("pod-restart: ⏳", "pod-restart: ✅", None),
        (START, f"{START}\n{END}", None),
        (START, START, "how pod-restart ended"),
        ("Context: pending", "Context: logs", "was started"),
        ("CPU is at 87 %", END, "was started"),
        ("CPU is at 87 %", START, "how pod-restart ended"),
    ],
)
def test_a_remediation_may_be_told_in_one_comment_that_is_edited(first: str, then: str, missing: str | None) -> None:
    alert, now = make_alert(function="pod-restart"), datetime.now(UTC)
    call = exchange(url="http://pod-restart.ai.svc.cluster.local/", ended=(now - timedelta(seconds=3)).timestamp())
    started = now - timedelta(seconds=6)
    about = [ask(COMMENT, at=started, i={"id": "c-1", "body": first}), ask(EDIT, at=now, id="c-1", i={"body": then})]
    edited = Comment(id="c-1", body=then, created_at=started, edited_at=now, author_email=None)
    issue = issue_of(alert, description=ECHO, comments=(edited,))
    said = sayings(about, issue.created_at)
    if missing:
        refused(lambda: issues.tells_remediation(issue, call, said), missing)
    else:
        issues.tells_remediation(issue, call, said)


GOOD_END = "**Remediation succeeded**\n\n- Function: pod-restart\n- Outcome: done for it\n- Took: 1.2 s"


@pytest.mark.parametrize(
    ("failed", "well"),
    [
        ("Remediation failed: forbidden by policy", "Remediation succeeded: done for it"),
        ("Result of pod-restart: HTTP 500, forbidden by policy since today", "Result of pod-restart: done for it"),
        ("**Outcome**\n- Status: error\n- Message: x", "**Outcome**\n- Status: success\n- Message: y"),
        ("pod-restart: ❌", "pod-restart: ✅"),
        ("Success: no", "Success: yes"),
        ("Behebung gescheitert", "Behebung erfolgreich"),
        ("Succeeded: 0 of 1", "Succeeded: 1 of 1"),
        (
            "Result: no, said the code of the function\nIf it succeeded, all is well",
            "Result: it is done\nIf it succeeded, all is well",
        ),
        ("Remediation finished: success is what the function does not report, see BVL-9", GOOD_END),
        ("Remediation succeeded: no, it is forbidden by policy", "Remediation succeeded: yes, it is done for it"),
        ("Remediation successful: ❌ it is forbidden by policy", "Remediation successful: ✅ it is done for it"),
        ("Remediation succeeded? It is forbidden by policy", "Remediation succeeded? It is done for it"),
        ("Remediation successfully done: false, forbidden by policy", "Remediation successfully done: true, it says"),
        ("Steps that succeeded: 1 of 2, one is forbidden", "Steps that succeeded: 2 of 2, all are done"),
        (
            "Result: it was called successfully, and says that it is forbidden by policy",
            "Result: it was called successfully, and says that it is done",
        ),
        (
            "Result: the invocation was successful, and its answer that it is forbidden by policy",
            "Result: the invocation was successful, and its answer that it is done",
        ),
    ],
)
def test_a_failure_may_be_told_in_any_words(failed: str, well: str) -> None:
    issues.calls_no_success(issue_of(make_alert()), [failed], [well])


@pytest.mark.parametrize(
    ("failed", "well"),
    [
        (GOOD_END, GOOD_END),
        (GOOD_END.replace("done for it", "The function failed: forbidden by policy").replace("1.2", "3.4"), GOOD_END),
        ("pod-restart ended with success at 10:00:01", "pod-restart ended with success at 10:00:04"),
        ("Status: success\nMessage: not done, it is forbidden by policy", "Status: success\nMessage: done for it"),
        ("Remediation succeeded: cannot remediate it, forbidden by policy", "Remediation succeeded: done for it"),
        ("**Result**: remediated successfully (it is forbidden)", "**Result**: remediated successfully (it is done)"),
    ],
)
def test_a_failure_is_not_told_as_a_success(failed: str, well: str) -> None:
    refused(lambda: issues.calls_no_success(issue_of(make_alert()), [failed], [well]), "has failed", "succe")


@pytest.mark.parametrize(
    ("words", "failed", "well"),
    [
        ("completed", "✅ Remediation completed.", "✅ Remediation completed."),
        ("abgeschlossen", "Behebung abgeschlossen", "Behebung abgeschlossen\nDer Pod läuft"),
        ("succeeded", "succeeded in 0.37 seconds", "succeeded in 0.42 seconds"),
        ("succeeded", "succeeded after 370 milliseconds", "succeeded after 42 milliseconds"),
        ("done", "Remediation done: 1 min 3 secs", "Remediation done: 2 minutes 10 secs"),
        ("over", "Remediation over\ntook: 0.37", "Remediation over\ntook: 12.5"),
        (
            "for event",
            "Completed for event 9b2d1c1e-6f0a-4c55-8a52-0d6f8f4b7a11",
            "Completed for event 1f0e9a7c-11aa-4d1b-9c3e-5b6a7c8d9e0f",
        ),
        ("trace", "trace 4bf92f3577b34da6a3ce929d0e0e4736: over", "trace 0af7651916cd43dd8448eb211c80319c: over"),
    ],
)
def test_who_tells_both_ends_in_the_same_words_tells_no_failure(words: str, failed: str, well: str) -> None:
    refused(lambda: issues.calls_no_success(issue_of(make_alert()), [failed], [well]), "has failed", words)


@pytest.mark.parametrize(
    ("failed", "well"),
    [
        ("Remediation over: HTTP 500 in 0.37 seconds", "Remediation over: HTTP 200 in 0.42 seconds"),
        ("✅ Remediation completed.\nThe function answered 500.", "✅ Remediation completed."),
        ("❌ in 0.37 s", "✅ in 0.42 s"),
    ],
)
def test_one_word_more_tells_a_failure(failed: str, well: str) -> None:
    issues.calls_no_success(issue_of(make_alert()), [failed], [well])


def test_only_what_was_written_on_this_issue_was_said_there() -> None:
    now = datetime.now(UTC)
    another = ask(OPEN, at=now, i={"description": START, "parentId": "BVL-7"})
    look = ask(SEARCH, at=now, f={"description": {"contains": START}})
    failed = replace(ask(UPDATE, at=now, text=START), response_body=b'{"errors": [{"message": "no"}]}')
    written = ask(UPDATE, at=now, text=START)
    opened_at = now - timedelta(seconds=1)
    assert [one.call for one in sayings([another, look, failed, written], opened_at)] == [written]
    assert [one.call for one in sayings([another], now)] == [another]


def test_of_all_issues_none_is_open() -> None:
    closed, still = (issue_of(make_alert(), state_type=state) for state in ("completed", "backlog"))
    issues.all_closed([closed, closed], "Linear issue")
    refused(lambda: issues.all_closed([closed, still], "Linear issue"), "open any more", "BVL-7")
    refused(lambda: issues.all_closed([], "Linear issue"), "there is none")


def test_an_archived_or_closed_issue_is_not_open() -> None:
    alert = make_alert()
    assert issues.is_open(issue_of(alert))
    assert not issues.is_open(issue_of(alert, archived=True))
    assert not issues.is_open(issue_of(alert, state_type="duplicate"))


class Workspace:
    """A Linear that holds these issues."""

    def __init__(self, *held: Issue) -> None:
        self._held = held

    def issue(self, ref: str) -> Issue:
        return next(issue for issue in self._held if issue.id == ref)

    def issues_mentioning(self, *_: str) -> list[Issue]:
        return list(self._held)


@pytest.mark.parametrize(
    ("of_own", "of_failure", "related"),
    [
        ({}, {"related": "BVL-7"}, True),
        ({}, {"parent": "BVL-7"}, True),
        ({"parent": "BVL-8"}, {}, True),
        ({}, {"parent": "BVL-6"}, False),
        ({"parent": "BVL-6"}, {"parent": "BVL-6"}, False),
        ({}, {}, False),
    ],
)
def test_a_failure_ticket_is_related_or_a_part_of_the_alerts_issue(
    of_own: dict[str, str], of_failure: dict[str, str], related: bool
) -> None:
    def relations(told: dict[str, str]) -> tuple[Relation, ...]:
        return tuple(Relation(type=type_, id="x", identifier=to, outgoing=False) for type_, to in told.items())

    alert, journal = make_alert(), Journal()
    own = issue_of(alert, relations=relations(of_own))
    failure = issue_of(alert, id="u-8", identifier="BVL-8", relations=relations(of_failure))
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    waiting = Waiting(journal, Limits(update=0.1))
    known = issues.Issues(Workspace(own, failure), journal, waiting, incident, load("reference"))  # type: ignore[arg-type]
    if related:
        known.related(alert, failure)
    else:
        refused(lambda: known.related(alert, failure), "BVL-8", "related to the alert's issue BVL-7")


def test_the_evidence_of_an_issue_reads_like_the_issue() -> None:
    alert = make_alert()
    shown = issues.as_text(
        issue_of(
            alert,
            comments=(comment("told"),),
            relations=(Relation(type="related", id="x", identifier="BVL-8", outgoing=True),),
        )
    )
    for part in ("BVL-7", alert.name, "priority 2", "told", "related: BVL-8", "ada.lovelace@example.com"):
        assert part in shown


# -- calls


def test_silence_until_the_reset_is_kept_or_broken() -> None:
    limited = exchange(began=9.9, ended=10.0, status=429)
    early, late = exchange(began=11.0, ended=11.1), exchange(began=15.1, ended=15.2)
    calls.silent([limited, late], limited, until=15.0, notice=0.5)
    refused(lambda: calls.silent([early, late], limited, 15.0, 0.5), "called 1 times", "4.00 s too early")


def test_what_was_on_its_way_breaks_no_silence_but_the_same_request_once_more_does() -> None:
    look = exchange(began=9.9, ended=10.0, status=429)
    calls.silent([look, exchange(began=10.1, ended=10.2)], look, until=15.0, notice=0.5)
    about = {"request_body": make_alert().mark.encode()}
    limited = exchange(began=9.9, ended=10.0, status=429, **about)
    calls.silent([limited, exchange(began=10.1, ended=10.2)], limited, until=15.0, notice=0.5)
    again = exchange(began=10.1, ended=10.2, status=429, **about)
    refused(lambda: calls.silent([limited, again], limited, 15.0, 0.5), "called 1 times", "4.90 s too early")


def test_who_is_unavailable_for_one_alert_may_be_called_about_another_meanwhile() -> None:
    alert, other = make_alert(), make_alert()
    met = exchange(began=9.9, ended=10.0, status=503, request_body=alert.mark.encode())
    search = exchange(began=12.0, ended=12.1, url=f"https://x.atlassian.net/rest/api/3/search/jql?jql={alert.mark}")
    elsewhere = exchange(began=11.0, ended=11.1, request_body=other.mark.encode())
    look = exchange(began=11.0, ended=11.1, method="GET")
    assert calls.about_the_same([met, elsewhere, look, search], met) == [met, search]
    calls.silent(calls.about_the_same([elsewhere, look], met), met, 15.0, 0.5)
    refused(lambda: calls.silent(calls.about_the_same([elsewhere, search], met), met, 15.0, 0.5), "3.00 s too early")


def test_few_calls_are_at_least_one_and_not_too_many() -> None:
    calls.few([exchange()] * 5, 5, "to open the issue")
    refused(lambda: calls.few([], 5, "to open the issue"), "never did")
    refused(lambda: calls.few([exchange()] * 6, 5, "to open the issue"), "at most 5", "6 times")


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ((("authorization", "lin_api_right"),), None),
        ((), "carry none"),
        ((("authorization", "Bearer lin_api_right"),), "put a word before it"),
        ((("authorization", "lin_api_wrong"),), "another key"),
    ],
)
def test_the_key_stands_alone_in_the_authorization_header(
    headers: tuple[tuple[str, str], ...], words: str | None
) -> None:
    made = [exchange(request_headers=headers)]
    if words is None:
        calls.authenticated(made, "lin_api_right")
    else:
        refused(lambda: calls.authenticated(made, "lin_api_right"), words)


def test_no_calls_are_no_proof_of_authentication() -> None:
    refused(lambda: calls.authenticated([], "key"), "none")


def test_no_calls_are_no_proof_of_clean_addresses() -> None:
    refused(lambda: calls.not_in_address([], "key"), "none")


def test_a_key_in_an_address_is_found_also_when_escaped() -> None:
    calls.not_in_address([exchange()], "lin+api")
    refused(
        lambda: calls.not_in_address([exchange(url="https://api.linear.app/graphql?key=lin%2Bapi")], "lin+api"),
        "1 of 1",
    )


def test_linear_refuses_a_key_or_an_input_and_not_a_look_for_what_is_not_there() -> None:
    for answer in (errors.unauthenticated(), errors.invalid_input()):
        assert issues.Issues.is_refused(exchange(response_body=answer.body))
    for answer in (errors.not_found(), errors.internal(), errors.rate_limited(7.0)):
        assert not issues.Issues.is_refused(exchange(response_body=answer.body))


@pytest.mark.parametrize(("health", "words"), [(None, "does not answer"), (503, "503")])
def test_a_dead_agent_is_refused(health: int | None, words: str) -> None:
    calls.alive(200)
    refused(lambda: calls.alive(health), words)


# -- logs


def test_trouble_is_recognised_by_level_and_in_plain_text_by_words() -> None:
    good = json.dumps({"level": "info", "event": "no error at all", "correlation_id": CORRELATION})
    bad = json.dumps({"level": "warning", "event": "linear answered 502", "correlation_id": CORRELATION})
    plain = f"2026-01-01 linear call failed, correlation {CORRELATION}"
    assert logs.reports_trouble([good, bad], [CORRELATION]) == [bad]
    assert logs.reports_trouble([plain], [CORRELATION]) == [plain]
    refused(lambda: logs.reports_trouble([good], [CORRELATION]), "none of its 1 lines")
    refused(lambda: logs.reports_trouble([bad.replace(CORRELATION, "other")], [CORRELATION]), "no line of its log")


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ({"lvl": "ERROR", "msg": "x"}, True),
        ({"severity": "W", "msg": "x"}, True),
        ({"log.level": "err", "msg": "x"}, True),
        ({"levelname": "INFO", "msg": "no error"}, False),
        ({"severity_text": "debug", "msg": "it failed"}, False),
        ({"level": 50, "msg": "linear answered 502"}, True),
        ({"level": 40, "msg": "linear: socket hang up"}, True),
        ({"level": 20, "msg": "it failed"}, True),
        ({"level": 30, "msg": "opened"}, False),
        ({"severity": "warning", "level": "info", "msg": "alert received"}, False),
        ({"severity": "info", "level": "error", "msg": "linear answered 502"}, True),
        ({"msg": "it failed"}, True),
        (["it failed"], True),
    ],
)
def test_a_level_goes_by_many_names_and_a_small_number_is_none(line: object, trouble: bool) -> None:
    assert logs.is_trouble(json.dumps(line)) is trouble


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ('E1126 17:18:59.000000 1 main.go:3] "linear" err="502 bad gateway"', True),
        ("WARN[0001] linear 502", True),
        ('I1126 17:18:59.000000 1 main.go:3] "linear" status="502 bad gateway"', False),
        ("INFO[0001] linear 502", False),
    ],
)
def test_a_level_may_be_the_beginning_of_a_line(line: str, trouble: bool) -> None:
    assert logs.is_trouble(line) is trouble


def test_every_line_about_the_alert_shows_the_correlation_id() -> None:
    logs.correlated([f"HighLoad {CORRELATION}"], "HighLoad", CORRELATION)
    refused(lambda: logs.correlated([f"HighLoad {CORRELATION}", "HighLoad"], "HighLoad", CORRELATION), "1 of 2")
    refused(lambda: logs.correlated([], "HighLoad", CORRELATION), "no line of its log names it")


@pytest.mark.parametrize(
    "line",
    [
        'HTTP Request: GET http://prometheus/api/v1/query?query=ALERTS%7Balertname%3D%22HighLoad%22%7D "HTTP/1.1 200"',
        '{"event": "HTTP Request: GET https://jira.example.com/search/jql?jql=summary~HighLoad \\"200\\""}',
        'https://jira.example.com:443 "GET /search/jql?jql=summary%20~%20HighLoad HTTP/1.1" 200 None',
    ],
)
def test_traffic_that_a_library_logs_is_no_line_about_the_alert(line: str) -> None:
    logs.correlated([line, f"HighLoad {CORRELATION}"], "HighLoad", CORRELATION)
    refused(lambda: logs.correlated([line], "HighLoad", CORRELATION), "HighLoad", CORRELATION)
    own = '{"url":"https://jira.example.com/issue","alertname":"HighLoad"}'
    refused(lambda: logs.correlated([line, own, f"HighLoad {CORRELATION}"], "HighLoad", CORRELATION), "1 of 2")


def test_a_line_about_several_alerts_may_show_the_correlation_id_of_any() -> None:
    lines = [f"HighLoad_a {CORRELATION}", "HighLoad_a and HighLoad_b under another id"]
    logs.correlated(logs.apart_from(lines, ["HighLoad_b"]), "HighLoad_a", CORRELATION)
    refused(lambda: logs.correlated(logs.apart_from(lines, []), "HighLoad_a", CORRELATION), "1 of 2")
    refused(lambda: logs.correlated(logs.apart_from(lines, ["HighLoad_a"]), "HighLoad_a", CORRELATION), "no line")


def test_a_logged_key_is_found() -> None:
    logs.without(["all well"], "lin_api_secret")
    refused(lambda: logs.without(["key=lin_api_secret"], "lin_api_secret"), "1 of 1")


# -- events


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("specversion", "1.0"),
        ("id", "is not empty"),
        ("source", "is a URI reference"),
        ("type", "is the type of a fired alert"),
        ("time", "is the RFC 3339 time of the alert"),
        ("datacontenttype", "is JSON"),
        ("data", "is JSON"),
        ("type", FIRED),
    ],
)
def test_a_good_event_has_every_attribute(name: str, expected: str) -> None:
    events.attribute(sent(make_alert()), name, expected)


def test_a_wrong_or_missing_attribute_is_named() -> None:
    resolved = sent(make_alert(), "resolved")
    refused(lambda: events.attribute(resolved, "type", "is the type of a fired alert"), RESOLVED)
    refused(lambda: events.attribute(resolved, "sequence", "1"), "'sequence'")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/a+json"])
def test_the_data_of_an_event_are_called_json(content_type: str) -> None:
    events.attribute(typed(content_type), "datacontenttype", "is JSON")


def test_data_that_are_called_nothing_or_anything_else_are_seen() -> None:
    refused(lambda: events.attribute(typed(None), "datacontenttype", "is JSON"), "'datacontenttype', but it has ['")
    refused(lambda: events.attribute(typed("text/plain"), "datacontenttype", "is JSON"), "it is 'text/plain'")


@pytest.mark.parametrize("data", [b"", b"pod=x", json.dumps('{"labels": {"pod": "x"}}').encode(), b"null", b"[]"])
def test_an_event_whose_data_are_no_json_object_is_found_and_refused(data: bytes) -> None:
    alert = make_alert()
    seen = seen_at_broker(alert, data)
    refused(lambda: events.attribute(seen, "data", "is JSON"), "data to be", "JSON")
    refused(lambda: events.carries(seen, alert), "JSON")


@pytest.mark.parametrize("labels", [None, "pod=x", {"pod": None}, {}])
def test_an_event_whose_labels_are_none_is_found_and_refused(labels: object) -> None:
    alert = make_alert()
    refused(lambda: events.carries(seen_at_broker(alert, json.dumps({"labels": labels}).encode()), alert), "label")


def test_an_event_about_another_pod_is_not_the_alerts() -> None:
    alert, other = make_alert(), make_alert()
    told = event_about(other, "fired", CORRELATION).extended(subject=alert.name)
    broker = Broker()
    broker_takes(broker.journal, told)
    assert not broker.claims.at_broker(alert)
    assert broker.claims.at_broker(other)


def seen_at_broker(alert: Alert, data: bytes) -> Sent:
    """The event of the alert at the broker, when it comes in binary mode with such data."""
    broker = Broker()
    broker_takes(broker.journal, replace(event_about(alert, "fired", CORRELATION), data=data))
    (seen,) = broker.claims.all_at_broker([alert], "fired")
    return seen


def broker_takes(journal: Journal, event: Event) -> None:
    """prometheus-events sends the event in binary mode, and the broker takes it."""
    message = encode(event, "binary")
    said = {"caller": "prometheus-events", "callee": "broker", "url": "http://broker/", "status": 202}
    journal.record(**said, method="POST", request_headers=message.headers, request_body=message.body)


def typed(content_type: str | None) -> Sent:
    """An event in binary mode with that content type."""
    message = encode(event_about(make_alert(), "fired", CORRELATION), "binary")
    headers = [(name, value) for name, value in message.headers if name != "content-type"]
    if content_type:
        headers.append(("content-type", content_type))
    good = sent(make_alert())
    return replace(good, event=decode(headers, message.body))


def timed(time: str) -> Sent:
    good = sent(make_alert())
    return replace(good, event=replace(good.event, attributes={**good.event.attributes, "time": time}))


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1), timedelta(hours=12)])
def test_the_time_of_an_event_is_that_of_the_alert(off: timedelta) -> None:
    wanted, now = "is the RFC 3339 time of the alert", datetime.now(UTC)
    events.attribute(timed(now.isoformat()), "time", wanted)
    refused(lambda: events.attribute(timed((now + off).isoformat()), "time", wanted), "s off")


def test_a_resolved_event_tells_the_end_that_alertmanager_told() -> None:
    resolved = sent(make_alert(), "resolved")
    ended = json.loads(resolved.exchange.request_body)["data"]["endsAt"]
    events.tells_end(resolved, {"endsAt": ended})
    refused(lambda: events.tells_end(resolved, {"endsAt": "2026-11-26T13:39:47.216Z"}), "13:39:47.216Z", ended)
    refused(lambda: events.tells_end(sent(make_alert()), {"endsAt": ended}), "'resolved'", "'firing'")


@pytest.mark.parametrize("severity", ["warning", "critical", None])
def test_an_event_has_its_own_alerts_severity(severity: str | None) -> None:
    alert, critical = make_alert(severity=severity), make_alert(severity="critical")
    events.has_own_severity(sent(alert), alert)
    if severity != "critical":
        refused(lambda: events.has_own_severity(sent(critical), alert), severity or "open", "severity 'critical'")
    refused(lambda: events.has_own_severity(sent(make_alert(severity=None)), critical), "'unknown'")


@pytest.mark.parametrize("severity", [None, "", "none", "Unknown", "info"])
def test_an_alert_without_a_severity_may_be_called_anything_but_critical(severity: str | None) -> None:
    alert, told = make_alert(severity=None), sent(make_alert(severity=None))
    data = told.event.data_json() | {"severity": severity}
    events.has_own_severity(replace(told, event=replace(told.event, data=json.dumps(data).encode())), alert)
    del data["severity"]
    events.has_own_severity(replace(told, event=replace(told.event, data=json.dumps(data).encode())), alert)


def test_what_the_group_has_in_common_is_not_what_one_alert_says() -> None:
    one, other = make_alert(), make_alert()
    refused(lambda: events.data_field(sent(one), one, "commonLabels", [one, other]), "commonLabels")
    refused(lambda: events.data_field(sent(one), one, "commonAnnotations", [one, other]), "commonAnnotations")


def test_the_sdk_reads_a_good_event() -> None:
    events.accepted_by_sdk(sent(make_alert()))
    message = encode(event_about(make_alert(), "fired", CORRELATION), "binary")
    events.accepted_by_sdk(sent(make_alert(), request_headers=message.headers, request_body=message.body))


@pytest.mark.parametrize("name", ["dataschema", "time", "subject", "data_base64", "partitionkey"])
def test_an_attribute_that_is_null_is_unset(name: str) -> None:
    events.accepted_by_sdk(with_null(name))


@pytest.mark.parametrize("name", events.REQUIRED)
def test_what_an_event_needs_is_not_null(name: str) -> None:
    refused(lambda: events.accepted_by_sdk(with_null(name)), "CloudEvents SDK", name)


def with_null(name: str) -> Sent:
    """An event in structured mode that writes the attribute as null."""
    content = json.loads(sent(make_alert()).exchange.request_body) | {name: None}
    return sent(make_alert(), request_body=json.dumps(content).encode())


def test_a_changed_label_or_annotation_is_named() -> None:
    alert = make_alert()
    events.carries(sent(alert), alert)
    changed = make_alert()
    changed.labels = alert.labels | {"severity": "critical"}
    changed.annotations = alert.annotations
    refused(lambda: events.carries(sent(alert), changed), "label 'severity'", "'critical'", "'warning'")
    longer = make_alert()
    longer.labels, longer.annotations = alert.labels, alert.annotations | {"description": "x" * 4000}
    refused(lambda: events.carries(sent(alert), longer), "annotation 'description'", "4000 characters")


@pytest.mark.parametrize("field", ["alertname", "status", "severity", "labels", "startsAt", "endsAt", "version"])
def test_every_field_of_the_data_is_checked(field: str) -> None:
    alert = make_alert()
    events.data_field(sent(alert), alert, field, [alert])
    if field not in ("status", "version", "endsAt"):
        other = make_alert(severity="info")
        other.starts_at -= timedelta(minutes=1)
        refused(lambda: events.data_field(sent(alert), other, field, [other]), field)


def test_a_missing_field_is_named() -> None:
    alert = make_alert(labels={"prometheus_rule": "shop"})
    refused(lambda: events.data_field(sent(alert), alert, "prometheusRule", [alert]), "prometheusRule")


def test_common_labels_are_the_groups_own() -> None:
    alert = make_alert()
    events.carries_common_labels(sent(alert), [alert.labels])
    refused(lambda: events.carries_common_labels(sent(alert), [alert.labels, make_alert().labels]), "group's labels")


def test_ids_of_different_occurrences_differ_and_of_attempts_agree() -> None:
    first, second = sent(make_alert()), sent(make_alert())
    events.distinct_ids([first, second])
    refused(lambda: events.distinct_ids([first, first]), first.event.id)
    events.same_id([first, first])
    refused(lambda: events.same_id([first, second]), "2 ids")


def test_pauses_have_to_grow() -> None:
    events.growing([0.1, 0.2, 0.4], 1.5)
    events.growing([0.503, 0.753], 1.5)  # half and three quarters of a second, each with what a call takes beside it
    refused(lambda: events.growing([0.1, 0.1], 1.5), "0.10 s, 0.10 s")
    refused(lambda: events.growing([0.5, 0.65], 1.5), "0.50 s, 0.65 s")
    refused(lambda: events.growing([0.1], 1.5), "three attempts")


def test_events_of_two_notifications_have_a_correlation_id_each() -> None:
    first, second = sent(make_alert()), sent(make_alert())
    refused(lambda: events.correlated_apart(first, second), "of its own", CORRELATION)
    other = Sent(second.event.extended(correlationid="another"), second.exchange)
    events.correlated_apart(first, other)


def attempts(*began: float) -> list[Sent]:
    """Attempts to deliver the event of one alert."""
    alert = make_alert()
    return [sent(alert, began=at, ended=at) for at in began]


def broker_attempts(journal: Journal, alert: Alert, *began: float, asked: str | None = None) -> None:
    """As many events of the alert as the converter makes that has an id of its own for each attempt.

    The broker has `asked` for so many seconds.
    """
    for at in began:
        message = encode(event_about(alert, "fired", CORRELATION), "structured")
        journal.record(
            caller="prometheus-events",
            callee="broker",
            method="POST",
            url="http://broker/",
            request_headers=message.headers,
            request_body=message.body,
            status=503,
            response_headers=(("retry-after", asked),) if asked else (),
            began=at,
            ended=at,
        )


@dataclass
class Broker:
    """A broker that has not taken events, and what is claimed of the attempts to hand them over."""

    again: list[tuple[float, ...]] = field(default_factory=list)
    """When the events of further alerts are tried that are asked for."""
    journal: Journal = field(default_factory=Journal)
    recovery: float = 0.1

    def __post_init__(self) -> None:
        incident = Incident(self.journal, None, None)  # type: ignore[arg-type]
        self.claims = Events(self.journal, Waiting(self.journal, Limits(recovery=self.recovery)), incident)

    def tried(self, *began: float, notified: tuple[float, ...] = (0,), answered: int | None = 503) -> Alert:
        """An alert whose event was tried at those times, after notifications at those, which were answered so."""
        alert = make_alert()
        for at in notified:
            self.notified(alert, "firing", at, answered)
        broker_attempts(self.journal, alert, *began)
        return alert

    def notified(self, alert: Alert, status: Status, began: float, answered: int | None) -> None:
        """Alertmanager has notified of the alert; the notification is under way still if nobody has answered."""
        url = "http://prometheus-events/webhook"
        said: dict[str, Any] = {"caller": "alertmanager", "callee": "prometheus-events", "method": "POST", "url": url}
        body = json.dumps(notification([(alert, status)])).encode()
        if answered is None:
            self.journal.begin(**said, headers=(), began=began).sent(body)
        else:
            self.journal.record(
                **said, request_headers=(), request_body=body, status=answered, began=began, ended=began
            )

    def growing(self, *alerts: Alert) -> None:
        self.claims.growing_pauses([*alerts], "fired", 1.5, lambda: self.tried(*self.again.pop(0)))


EVEN, GROWING = (0.1, 0.3, 0.5, 0.7), (0.1, 0.3, 0.7, 1.5)
OTHERS = events.LOOKS - 1


def test_pauses_grow_anew_with_each_notification() -> None:
    broker = Broker(again=[EVEN] * OTHERS)
    broker.growing(broker.tried(*GROWING))
    broker.growing(broker.tried(0.1, 0.3, 0.7, 1.1, 1.3, 1.7, notified=(0, 1)))
    refused(lambda: broker.growing(broker.tried(0.1, 0.3, 0.7, 1.1, 1.3, 1.5, notified=(0, 1))), "0.20 s, 0.20 s")


def test_an_attempt_or_two_for_each_notification_leave_no_pauses_to_compare() -> None:
    broker = Broker()
    broker.growing(broker.tried(0.1, 0.3, 1.1, 1.3, 2.1, notified=(0, 1, 2)))
    broker.growing(broker.tried(0.1, 1.1, 2.1, notified=(0, 1, 2)))


def test_a_pause_that_a_busy_machine_lengthened_is_looked_at_with_another_alert() -> None:
    lengthened = (0.1, 0.9, 1.3, 2.1)
    broker = Broker(again=[lengthened, GROWING, EVEN])
    broker.growing(broker.tried(*lengthened))
    assert broker.again == [EVEN]
    broker = Broker(again=[GROWING, *[EVEN] * (OTHERS - 1)])
    refused(lambda: broker.growing(broker.tried(*EVEN)), "0.20 s, 0.20 s")


def test_pauses_that_are_doubled_may_be_drawn_by_chance() -> None:
    unlucky, lucky, even = [1.2, 1.5], [0.75, 2.2], [1.0, 1.0]
    events.growing_at_last([*[unlucky] * OTHERS, lucky], 1.5)
    refused(lambda: events.growing_at_last([*[unlucky] * OTHERS, even], 1.5), "1.00 s, 1.00 s")


def test_who_sends_one_event_after_the_other_may_have_tried_the_first_alone() -> None:
    broker = Broker(again=[EVEN] * OTHERS)
    first, second = broker.tried(), broker.tried()
    refused(lambda: broker.claims.one_tried([first, second], "fired", 4), "of 2 events", "more than 0 times")
    broker_attempts(broker.journal, first, 1.0, 1.2, 1.6)
    refused(lambda: broker.claims.one_tried([first, second], "fired", 4), "more than 3 times")
    broker_attempts(broker.journal, first, 2.4)
    broker.claims.one_tried([first, second], "fired", 4)
    broker.growing(first, second)
    refused(lambda: broker.growing(second), "at least three attempts", "of 1 events none")
    broker_attempts(broker.journal, second, 1.0, 1.2, 1.4)
    refused(lambda: broker.growing(first, second), "0.20 s, 0.20 s")


def asking(seconds: str | None, began: float, ended: float) -> Sent:
    """An attempt whose answer asked for that time."""
    attempt = sent(make_alert(), began=began, ended=ended, status=429)
    asks = () if seconds is None else (("retry-after", seconds),)
    return Sent(attempt.event, replace(attempt.exchange, response_headers=asks))


def test_who_is_asked_for_time_is_not_called_before() -> None:
    events.not_called_before_asked([asking("2", 1.0, 1.01), asking(None, 3.0, 3.0), asking(None, 3.1, 3.1)])
    soon = [asking("2", 1.0, 1.01), asking(None, 2.75, 2.8)]
    refused(lambda: events.not_called_before_asked(soon), "2 s", "0.25 s too early")


def test_a_notification_of_alertmanagers_own_waits_for_nobody() -> None:
    broker = Broker()
    alert = broker.tried(notified=(0, 1))
    with pytest.raises(BedNotReady, match="ask for time"):
        broker.claims.left_alone(alert, "fired")
    broker_attempts(broker.journal, alert, 0.1, asked="2")
    broker_attempts(broker.journal, alert, 1.1)
    broker.claims.left_alone(alert, "fired")
    broker_attempts(broker.journal, alert, 0.5)
    refused(lambda: broker.claims.left_alone(alert, "fired"), "1.60 s too early")


def test_an_outage_ends_for_whom_pauses_are_long_too() -> None:
    broker = Broker()
    alert = broker.tried(0, 1, 3, 7, 15)
    broker.claims.outlasted(alert, "fired", 5)
    refused(lambda: broker.claims.all_at_broker([alert], "fired", "recovery"), "none was taken", "tried 5 times")
    message = encode(event_about(alert, "fired", CORRELATION), "structured")
    said: dict[str, Any] = {"caller": "prometheus-events", "callee": "broker", "url": "http://broker/", "status": 202}
    broker.journal.record(
        **said, method="POST", request_headers=message.headers, request_body=message.body, began=31, ended=31
    )
    broker.claims.all_at_broker([alert], "fired", "recovery")


@pytest.mark.parametrize(("answered", "outlasts"), [(503, False), (202, True)])
def test_who_has_promised_an_event_has_to_outlast_more_than_few_tries(answered: int, outlasts: bool) -> None:
    broker = Broker(recovery=2)
    alert = broker.tried(0.1, 0.2, 0.4, 0.8, 1.6, 3.2, answered=answered)
    began = broker.journal.cursor()
    broker.claims.outlasted(alert, "fired", 5)
    assert (1 <= broker.journal.cursor() - began < 2) == outlasts


@pytest.mark.parametrize(
    ("attempts", "answered", "told_of_end", "lasts"),
    [
        # taken at once: told of the end while the fired event fails
        ((0.0,), 202, None, True),
        ((0.0, 0.1, 0.3, 0.7), 202, None, True),
        ((0.0, 0.1), 202, 0.05, True),
        ((0.0, 0.1, 0.3), 202, 0.05, False),
        ((0.0, 0.1, 0.3, 0.7), 202, 0.2, False),
        ((0.0, 0.1, 0.3, 0.7), 202, 0.5, True),
        # taken with the event only: told of the end when the broker has recovered
        ((0.0, 0.1), None, None, True),
        ((0.0, 0.1, 0.3), None, None, False),
        ((0.0, 0.4, 1.0), 503, None, False),
    ],
)
def test_a_firing_fails_until_its_end_could_have_overtaken_it(
    attempts: tuple[float, ...], answered: int | None, told_of_end: float | None, lasts: bool
) -> None:
    broker = Broker(recovery=0.5)
    alert = broker.tried(*attempts, answered=answered)
    if told_of_end is not None:
        broker.notified(alert, "resolved", told_of_end, answered=None)
    began = broker.journal.cursor()
    broker.claims.let_overtake(alert)
    assert (broker.journal.cursor() - began >= 0.5) == lasts


def test_attempts_after_one_notification_carry_one_id_and_those_after_another_may_carry_another() -> None:
    alert, journal = make_alert(), Journal()
    claims = Events(journal, Waiting(journal, Limits()), Incident(journal, None, None, alerts=[alert]))  # type: ignore[arg-type]
    for at in (1.0, 2.0):
        body = json.dumps(notification([(alert, "firing")])).encode()
        journal.record(
            caller="alertmanager",
            callee="prometheus-events",
            method="POST",
            url="http://converter/webhook",
            request_body=body,
            began=at,
            ended=at + 0.5,
        )
        broker_attempts(journal, alert, at + 0.1)
    claims.same_id(alert, "fired")
    broker_attempts(journal, alert, 2.3)
    refused(lambda: claims.same_id(alert, "fired"), "2 ids")


def test_an_event_that_is_taken_late_was_refused_before() -> None:
    alert, journal = make_alert(), Journal()
    incident = Incident(journal, None, None, alerts=[alert])  # type: ignore[arg-type]
    claims = Events(journal, Waiting(journal, Limits(recovery=0.1)), incident)

    def answers(alert: Alert, status: int) -> None:
        message = encode(event_about(alert, "fired", CORRELATION), "binary")
        said = {"caller": "broker", "callee": "agent-sre", "url": "http://agent-sre/", "status": status}
        journal.record(**said, method="POST", request_headers=message.headers, request_body=message.body)

    refused(lambda: claims.tried_again(alert, "fired"), "fired event", alert.name, "nothing yet")
    answers(alert, 503)
    refused(lambda: claims.tried_again(alert, "fired"), "503")
    answers(alert, 202)
    assert claims.tried_again(alert, "fired")
    answers(other := make_alert(), 202)
    assert not claims.tried_again(other, "fired")


def test_a_trace_may_be_what_correlates() -> None:
    event = sent(make_alert()).event
    assert events.correlation_of(sent(make_alert())) == CORRELATION
    trace = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    others = {name: value for name, value in event.attributes.items() if name != "correlationid"}
    traced = Sent(replace(event, attributes=others | trace), exchange())
    assert events.correlation_of(traced) == "ab" * 16
    refused(lambda: events.correlation_of(Sent(replace(event, attributes=others), exchange())), "a correlation id")


def test_order_is_the_order_of_taking() -> None:
    early, late = sent(make_alert(), began=1.0, ended=1.1), sent(make_alert(), "resolved", began=2.0, ended=2.1)
    events.in_order(early, late)
    refused(lambda: events.in_order(late, early), "1.00 s earlier")


def test_a_trace_may_be_continued_in_three_places() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    events.in_trace(sent(make_alert(), request_headers=(("traceparent", f"00-{trace}-00f067aa0ba902b7-01"),)), trace)
    refused(lambda: events.in_trace(sent(make_alert()), trace), trace)


@pytest.mark.parametrize("status", [200, 202, 302, 500, 503])
def test_only_4xx_refuses_a_malformed_notification(status: int) -> None:
    events.refused_as_malformed(422, "")
    refused(lambda: events.refused_as_malformed(status, "oops"), str(status))


def test_a_function_call_correlates_by_header_or_event() -> None:
    remediation.correlates(exchange(request_headers=(("ce-correlationid", CORRELATION),)), CORRELATION)
    remediation.correlates(exchange(request_body=json.dumps({"correlationid": CORRELATION}).encode()), CORRELATION)
    refused(
        lambda: remediation.correlates(exchange(request_headers=(("x-correlation-id", "new"),)), CORRELATION), "new"
    )


# -- what the suite itself sends


def test_fingerprints_are_those_of_a_real_alertmanager() -> None:
    labels = {"alertname": "A", "pod": "p1", "severity": "critical"}
    assert fingerprint(labels) == "7e7bd7ecc895953b"
    assert fingerprint(labels | {"pod": "p2", "severity": "warning"}) == "b38f9ebba43a0257"


def test_a_notification_has_the_status_of_its_group_and_what_its_alerts_share() -> None:
    one, other = make_alert(), make_alert()
    body = notification([(one, "resolved"), (other, "firing")])
    assert body["status"] == "firing"
    assert [alert["status"] for alert in body["alerts"]] == ["resolved", "firing"]
    assert body["commonLabels"] == common([one.labels, other.labels]) != one.labels


@pytest.mark.parametrize("defect", MALFORMED)
def test_every_malformed_notification_differs_from_the_sound_one(defect: str) -> None:
    sound = notification([(make_alert(), "firing"), (make_alert(), "firing")])
    assert MALFORMED[defect](json.loads(json.dumps(sound))) != json.dumps(sound).encode()


def test_a_rule_says_which_alert_it_raises() -> None:
    rule = Rule("v0123456789ab", labels={"where": "{{ $labels.pod }}"}, annotations={"description": "at {{ $value }}"})
    alert = rule.alert({"incident": rule.key, "pod": f"checkout-{rule.key}"})
    assert alert.labels["where"] == f"checkout-{rule.key}"
    assert alert.annotations["description"] == "at 81"
    assert alert.mark == rule.key in rule.expression


# -- who is assigned, when the schedule has changed


@pytest.mark.parametrize(
    ("assigned", "alerts"),
    [
        (["grace"], 1),
        (["ada", "ada", "grace", "grace"], 4),
        (["ada", "grace", "grace"], 3),
    ],
    ids=["at once", "kept for a while", "kept for one alert"],
)
def test_who_keeps_the_engineer_on_call_for_a_while_is_given_more_alerts(assigned: list[str], alerts: int) -> None:
    issues_of, fired = assigning(assigned)
    issues_of.comes_to_be_assigned(fired[0], "grace")
    assert len(fired) == alerts
    assert all(abs(alert.starts_at - fired[0].starts_at) < timedelta(seconds=1) for alert in fired)


@pytest.mark.parametrize("assigned", [["ada"], ["ada", "grace"]], ids=["for ever", "in turn"])
def test_who_never_looks_at_the_schedule_again_and_who_takes_the_engineers_in_turn_are_found(
    assigned: list[str],
) -> None:
    issues_of, fired = assigning(assigned * 100)
    refused(lambda: issues_of.comes_to_be_assigned(fired[0], "grace"), "assigned to grace", "assigned to ada")
    assert len(fired) > 2


def assigning(assigned: list[str]) -> tuple[issues.Issues, list[Alert]]:
    """The issues of an agent that assigns them to these engineers in turn, and the alerts that have fired so far."""
    fired, journal = [make_alert()], Journal()

    class Door:
        def publish(self, event: Any) -> None:
            told = json.loads(event.data)
            mark = told["labels"]["pod"].removeprefix("checkout-")
            fired.append(Alert(told["labels"], told["annotations"], mark, datetime.fromisoformat(told["startsAt"])))

    class Opened:
        def issues_mentioning(self, *facts: str) -> list[Issue]:
            about = [(alert, who) for alert, who in zip(fired, assigned, strict=False) if alert.mark in facts]
            return [issue_of(alert, assignee_email=who) for alert, who in about]

    incident = Incident(journal, Signals(), broker=Door(), alerts=list(fired))  # type: ignore[arg-type]
    waiting = Waiting(journal, Limits(recovery=1, again=0.1))
    tracker: Any = Opened()
    return issues.Issues(tracker, journal, waiting, incident, load("reference")), fired
