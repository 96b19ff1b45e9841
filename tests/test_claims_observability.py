"""Each claim about the context on a ticket, and about agent-sre's own telemetry, against good and bad observations."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from steps.drivers import dashboard
from steps.drivers.dashboard import DashboardUnavailable, Panel
from steps.drivers.linear import Attachment, Comment, Issue
from steps.drivers.prometheus import QueryRefused, Series
from steps.incident import calls, graphs, observability, telemetry
from steps.incident.alert import Alert, make_alert
from steps.incident.events import FIRED, RESOLVED, Happening, event_about
from steps.incident.incident import Incident
from steps.incident.issues import Issues
from steps.incident.observability import HAS, HAS_NO_OTHER, Kind, Known, Observability, known_alerts
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets import profile
from steps.targets.profile import Limits
from steps.world.cluster.cloudevent import encode
from steps.world.journal import Exchange, Journal
from steps.world.services.signals import Signals
from tests.test_claims import exchange, issue_of, refused

OWN, OTHER = Known(87.31), Known(91.12)
CONTEXT = f"## Metrics\nValue: {OWN.value}\n## Logs\n" + "\n".join(OWN.lines) + f"\n## Traces\nFailed: {OWN.failed}\n"
KINDS: tuple[Kind, ...] = ("metrics", "logs", "traces")


def ticket(description: str) -> Issue:
    return issue_of(make_alert(), description=description)


# -- the context of the alert


@pytest.mark.parametrize("kind", KINDS)
def test_a_ticket_with_its_context_has_it_and_no_other(kind: Kind) -> None:
    HAS[kind](ticket(CONTEXT), OWN, [OTHER])
    HAS_NO_OTHER[kind](ticket(CONTEXT), OWN, [OTHER])


@pytest.mark.parametrize("kind", KINDS)
def test_a_ticket_without_context_lacks_it(kind: Kind) -> None:
    refused(lambda: HAS[kind](ticket("An alert fires."), OWN, [OTHER]), "BVL-7", "but")


VALUES = ["87.31", "87.3", "87", "8.731e1", "**87.310**", "| load | 87.31 |"]
PER_CENT = ["87.31 %", "87.3%", "**87.31%**", "87 percent", "| load | 87.31% | above 80% |"]


@pytest.mark.parametrize("stated", [*VALUES, *PER_CENT])
def test_a_value_may_be_rounded_as_long_as_it_is_no_other_one(stated: str) -> None:
    observability.states_value(ticket(f"The load is {stated}"), OWN, [OTHER])


WRONG = ["91.12", "87.4", "90", "87310", "v87.31.2", "http://x/87.31", "91.12 %", "87.4%", "80 percent", "0.87"]


@pytest.mark.parametrize("stated", WRONG)
def test_another_value_is_not_that_of_the_alerts_series(stated: str) -> None:
    refused(lambda: observability.states_value(ticket(f"The load is {stated}"), OWN, [OTHER]), "87.31")


def test_a_value_that_is_anothers_is_named() -> None:
    refused(lambda: observability.states_value(ticket("91.12"), OWN, [OTHER]), "87.31", "91.12", "another's")
    refused(lambda: observability.states_no_other(ticket("87.31 and 91.12"), OWN, [OTHER]), "91.12")
    refused(lambda: observability.states_no_other(ticket("87.31 % and 91.12 %"), OWN, [OTHER]), "91.12")


def test_a_whole_number_is_not_taken_for_another_series() -> None:
    observability.states_no_other(ticket("87.31, replica 91"), OWN, [OTHER])
    observability.states_no_other(ticket("87.31 %, replica 91 %"), OWN, [OTHER])


def test_a_missing_line_and_a_strange_one_are_found() -> None:
    some = "\n".join(OWN.lines[1:])
    refused(lambda: observability.has_lines(ticket(some), OWN, [OTHER]), "3 lines", "1 are missing")
    refused(lambda: observability.has_lines(ticket(OTHER.lines[0]), OWN, [OTHER]), "lines of another pod")
    refused(
        lambda: observability.has_no_other_lines(ticket(CONTEXT + OTHER.lines[0]), OWN, [OTHER]),
        "another pod",
        OTHER.lines[0],
    )
    refused(
        lambda: observability.has_no_other_lines(ticket(CONTEXT + OWN.lines_before[0]), OWN, [OTHER]), "3 hours before"
    )


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        (OWN.succeeded[0], "in which nothing failed"),
        (OWN.failed_before, "which failed 3 hours before"),
        (OTHER.failed, "of another service"),
    ],
    ids=("succeeded", "failed before", "failed elsewhere"),
)
def test_a_wrong_trace_is_told_with_its_reason(trace: str, reason: str) -> None:
    refused(lambda: observability.names_trace(ticket(f"trace {trace}"), OWN, [OTHER]), OWN.failed, trace, reason)
    refused(lambda: observability.names_no_other_trace(ticket(CONTEXT + trace), OWN, [OTHER]), trace, reason)


def test_a_trace_may_be_written_in_capitals() -> None:
    observability.names_trace(ticket(f"Trace {OWN.failed.upper()}"), OWN, [OTHER])


def test_known_alerts_share_an_expression_and_nothing_that_tells_their_values() -> None:
    signal = {"incident": "v0123456789ab", "namespace": "shop", "service": "checkout", "cluster": "c"}
    alerts = known_alerts("v0123456789ab", signal | {"pod": "checkout-v0123456789ab", "deployment": "checkout"})
    assert len({alert.source for alert in alerts}) == 1
    assert len({round(alert.value) for alert in alerts}) == len(alerts) == 3
    own, replica, namesake = alerts
    assert own.labels["service"] == replica.labels["service"]
    assert own.pod == namesake.pod
    for alert in alerts:
        issue = issue_of(alert)
        refused(lambda issue=issue, alert=alert: observability.states_value(issue, Known(alert.value), []), "value")


# -- the context that is not to be had

NOT_RETURNED = [
    "valid JSON",
    "a valid response",
    "JSON",
    "200",
    "a usable answer",
    "a complete response",
    "before the deadline",
    "anything before its time-out",
    "a result after 1 s",
]
UNAVAILABLE = [
    "## {Kind}\n\nNot available: GET http://x failed.",
    "**{Kind}:** unavailable",
    "- {Kind}: n/a (HTTP 503)",
    "{Kind} could not be fetched (timed out).",
    "The {kind} are missing, their source did not answer.",
    "## Context\n{Kind}: error",
    "⚠ {Kind} query failed with status 422",
    "{Kind}: request time-out",
    "**{Kind}**\n\nunavailable",
    "*{Kind}*\n- timed out",
    "__{Kind}__\nHTTP 503",
    "> **{Kind}**\n> unavailable",
    "{Kind}\n----\nunavailable",
    "{Kind}\n====\n\nnot reachable",
    "- {Kind}\n    - unavailable",
    "1. {Kind}\n   timed out",
    "* **{Kind}**\n  * ReadTimeout",
    "## Context\n**{Kind}**\nunavailable",
    "## {Kind}\n\n**unavailable**",
    "**{Kind}**\n**unavailable**",
    "## {Kind}\n\n_unavailable_",
    "**{Kind}**\n*pod checkout-1, last 15 min*\nunavailable",
    "{Kind}\n----\n**Query**\n`x`\ntimed out",
    "## {Kind}\nQuery failed:\n```\nparse error\n```",
    "Prometheus, Loki and Tempo did not answer.",
    "## Context\nMetrics, logs, traces: unavailable",
    "{Kind}: malformed answer",
    "{Kind}: invalid JSON",
    "{Kind}: the answer is incomplete",
    "{Kind}: truncated answer",
    "{Kind}: connection reset by peer",
    "{Kind}: the backend is overloaded",
    "{Kind}: query rejected",
    "{Kind}: ReadTimeout",
    "{Kind}: ConnectError",
    "{Kind}: did not return in time",
    "The source of {kind} did not return an answer",
    "{Kind}: did not find anything within 1 s",
    "{Kind}: couldn’t be read",
    "The {kind} aren't available",
    "No {kind}, an error occurred",
    "No {kind} could be fetched",
    "No {kind} (query failed)",
    "No {kind} because the query failed",
    "No {kind}, HTTP 503",
    "No {kind}, Loki answered with status 503",
    "## {Kind}\nAlert query: failed with 422",
    "No {kind}: error",
    "{Kind}: n/a",
    *(f"{{Kind}}: Loki did not return {what}" for what in NOT_RETURNED),
    "{Kind}: Tempo did not send a reply",
    "{Kind}: cannot be shown",
    "{Kind}: cannot be written",
    "{Kind} could not be recorded here",
    "{Kind}: context deadline exceeded",
    "{Kind}: deadline exceeded",
    "{Kind}: unexpected answer",
    "{Kind}: bad response",
    "{Kind}: the answer was garbled",
    "{Kind}: unprocessable",
    "## {Kind}\n### Status\nUnavailable: HTTP 500",
    "## {Kind}\nnone\n### Alert\nx\n### Status\nUnavailable: HTTP 500",
    "## {Kind}\nStatus:\n- unavailable",
    "**{Kind}**\nReason:\n- timed out",
    "| Metrics | Logs | Traces |\n|---|---|---|\n| unavailable | HTTP 503 | timed out |",
    "| Service | {Kind} |\n|---|---|\n| checkout | unavailable |",
    "## {Kind}\n| Query | State |\n|---|---|\n| up | unavailable |",
    "### Failed {kind}\nunavailable",
    "Error {kind}: Loki did not answer",
    "Failed {kind} query: timed out",
    "Failed {kind} lookup",
    "Failed to fetch {kind}",
    "Error: {kind} could not be read",
    "{Kind} with errors: the query failed",
    "{Kind} could not be read; check Loki",
    "{Kind}: Look-up failed",
    "Check of the {kind} failed",
    "If you need {kind}, ask later: the query timed out",
    "See Grafana. The {kind} were not available.",
    "Prometheus alert: the {kind} did not arrive in time",
    "{Kind}: the query took too long",
    "{Kind}: it has taken far too long to answer",
    "The source of the {kind} was too slow to answer.",
    "We gave up on the {kind} after 2 s",
    "{Kind}: given up after three tries",
    "The source of the {kind} isn't ready yet",
    "{Kind}: not yet ready",
    "The reply to the query for {kind} wasn't valid JSON",
    "The answer on {kind} isn’t a valid one",
    "{Kind}: unexpected EOF",
    "{Kind}: EOF",
    "{Kind}: read ECONNRESET",
    "{Kind}: connect ETIMEDOUT 10.0.0.7:3100",
    "{Kind}: getaddrinfo ENOTFOUND loki",
    "{Kind}: socket hang up",
    "{Kind}: Unexpected end of JSON input",
    "{Kind}: Unexpected token < in JSON at position 0",
    "{Kind}: Connection prematurely closed BEFORE response",
    "{Kind}: the connection was closed prematurely",
    "{Kind}: Response ended prematurely",
]
EMPTY = [
    "## {Kind}\n\nThere are none.",
    "{Kind}: none",
    "No {kind} were found.",
    "{Kind} for this pod could not be found in the window",
    "## {Kind}\n\nNone has an error.",
    "{Kind}: no entry with errors",
    "",
    "{Kind}: the source did not return any series",
    "{Kind}: it did not find a failed one",
    "{Kind}: could not find any",
    "{Kind}: the backend does not have any of this pod",
    "## {Kind}\nunable to find lines",
    "## {Kind}\nThe query couldn’t match anything.",
    "{Kind}: nothing found within 15 minutes of the start",
    "{Kind}: none was returned within the last 15 minutes",
    "{Kind}: it did not find any within the time window",
    "{Kind}: it did not find any in time range 10:00 to 10:10",
    "{Kind}: the pod did not write a line",
    "{Kind}: the service did not fail",
    "No {kind} with status 500",
    "{Kind}: no one with a failure",
    "No {kind} failed in the window",
    "No {kind}, spans or series with errors",
    "No {kind} (with errors) found",
    "{Kind} with errors: 0",
    "## {Kind}\n\n_No error in the window_",
    "**{Kind}**\n\nNone.\n\nSLM context: unavailable",
    "**{Kind}**\n\nNone.\n\n**Next steps**\nThe rules cannot help.",
    "{Kind}\n----\nNone.\n\nSLM\n---\nunavailable",
    "- {Kind}\n    - none\n- SLM\n    - unavailable",
    "**{Kind}**\n\n**Failed requests**\n\nnone",
    "{Kind}:\n\nFailed requests:\nnone",
    "**{Kind}**\nnone\nAssignee: n/a",
    "**{Kind}**\nnone\nOn-call engineer: unreachable",
    "## {Kind}\nNone. A pod is overloaded.",
    "{Kind}: The query did not produce any result",
    "Unable to locate any {kind}",
    "{Kind}: the pod did not emit any",
    "{Kind}: pod does not send spans",
    "{Kind}: did not find any in the response",
    "{Kind}: the answer does not contain any JSON lines",
    "{Kind}: it could be read, but there are none",
    "## {Kind}\n### Status\nnone",
    "## {Kind}\nStatus:\n- none",
    "## {Kind}\nnone\n### SLM context\nunavailable",
    "## {Kind}\nnone\n### SLM context\n#### checkout\nunavailable",
    "## {Kind}\nnone\n## Status\nunavailable",
    "| {Kind} | SLM |\n|---|---|\n| none | unavailable |",
    "## Metrics, logs and traces\n| {Kind} | SLM |\n|---|---|\n| none | unavailable |",
    "| {Kind} | Service |\n|---|---|\n| none | checkout |\n\nThe rules are unavailable.",
    "| {Kind} | SLM |\n|---|---|\n| none | x |\n\n| unavailable | other |",
    "### Failed {kind}\nNone.",
    "### Error {kind}\nNone.",
    "### Error {kind} of the failed pod\nNone.",
    "- **Failed {kind}:** none",
    "**Failed {kind}**\n\nnone",
    "### {Kind} with errors\n\nNone.",
    "{Kind}: error rate 0.2",
    "If the pod does not recover, check its {kind}.",
    "- Check its {kind} if the pod does not recover.",
    "Check the {kind} for errors.",
    "The pod is down. See its {kind} for failures.",
    "The remediation failed: {kind} below\nnone",
    "This Prometheus alert could not be remediated automatically.",
    "The alert of Prometheus could not be remediated automatically, look at the {kind}.",
    "Prometheus rule: unknown",
    "**Prometheus labels**\n\n- team: missing",
    "## {Kind}\nNone. The shop is too slow for its customers.",
    "## {Kind}\nThe pod isn't ready. There are none thereof.",
    "{Kind}: none; the restart isn’t ready yet",
    "{Kind}: no unexpected ones, none from the end of the window",
    "{Kind}: no request took too long to be answered",
    "{Kind} of what took too long: none",
    "{Kind}: no process that hangs, none with an unexpected end",
]


def words(texts: list[str]) -> list[tuple[Kind, str]]:
    return [(kind, text.replace("{Kind}", kind.title()).replace("{kind}", kind)) for text in texts for kind in KINDS]


@pytest.mark.parametrize(("kind", "text"), words(UNAVAILABLE))
def test_unavailable_context_is_recognised_in_any_wording(kind: Kind, text: str) -> None:
    observability.says_unavailable(ticket(text), kind)


@pytest.mark.parametrize(("kind", "text"), words(EMPTY))
def test_empty_context_is_not_called_unavailable(kind: Kind, text: str) -> None:
    observability.not_unavailable(ticket(text), kind)


@pytest.mark.parametrize(("kind", "text"), words(EMPTY))
def test_empty_context_does_not_say_that_it_is_unavailable(kind: Kind, text: str) -> None:
    refused(lambda: observability.says_unavailable(ticket(text), kind), "BVL-7", kind, "unavailable")


@pytest.mark.parametrize(
    ("kind", "text"),
    words(
        [
            *UNAVAILABLE[:5],
            *(text for text in UNAVAILABLE if re.search("unavailable|did not|cannot|No .* could be fetched", text)),
            "No {kind} could be retrieved",
            "{Kind} are not available",
        ]
    ),
)
def test_a_source_that_is_called_unavailable_although_it_is_empty_is_found(kind: Kind, text: str) -> None:
    refused(lambda: observability.not_unavailable(ticket(text), kind), kind)


@pytest.mark.parametrize(
    "wording",
    [
        "n/a",
        "not available for this pod",
        "not currently available for this pod",
        "they aren't available for the alert",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_no_data_may_be_called_not_available_in_both_cases_but_not_in_the_same_words(kind: Kind, wording: str) -> None:
    alert, said = make_alert(), ticket(f"{kind.title()}: {wording}")
    observability.not_unavailable(said, kind)
    observability.says_unavailable(said, kind)
    before = observability.statement(said, alert, kind)
    refused(lambda: observability.says_otherwise(said, alert, kind, before), "finds nothing", wording)


def test_context_may_be_given_up_later_than_an_issue_is_updated_but_not_for_ever() -> None:
    alert, journal = make_alert(), Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    waiting = Waiting(journal, Limits(update=0.1, recovery=1))
    given_up = journal.cursor() + 0.4

    class LateTracker:
        says = "The logs are unavailable"

        def issues_mentioning(self, *_: str) -> list[Issue]:
            return [issue_of(alert, description=self.says if journal.cursor() > given_up else "There is an alert")]

    tracker: Any = LateTracker()
    known = Issues(tracker, journal, waiting, incident, profile.load("reference"))
    claims: Any = Observability(None, None, None, journal, waiting, incident, known, None)  # type: ignore[arg-type]
    claims.unavailable(alert, "logs")
    tracker.says = "There still is an alert"
    refused(lambda: claims.unavailable(alert, "logs"), "say that the logs are unavailable", "waited 1 s")


@pytest.mark.parametrize("comes_back", [True, False])
def test_the_last_alert_after_a_fault_fires_when_no_source_may_be_left_alone_any_more(comes_back: bool) -> None:
    journal, alerts, fired = Journal(), [make_alert() for _ in range(3)], list[float]()
    waiting = Waiting(journal, Limits(notification=1, recovery=0.4))
    waiting.begin(lambda: "notification" if any(journal.cursor() < at + 0.1 for at in fired) else None)
    broker: Any = SimpleNamespace(publish=lambda _: fired.append(journal.cursor()))
    known = {alert.mark: Known(87.31 + number) for number, alert in enumerate(alerts)}
    left_alone_until = journal.cursor() + 0.4

    def about(alert: Alert) -> list[Issue]:
        its, place = known[alert.mark], alerts.index(alert)
        if place >= len(fired):
            return []
        value = its.value if comes_back and fired[place] >= left_alone_until else "unavailable"
        return [ticket(f"Value: {value}\n{its.failed}\n" + "\n".join(its.lines))]

    issues: Any = SimpleNamespace(
        about=about, show=lambda _: None, becomes=lambda alert, claim, *_: claim(about(alert)[0])
    )
    calls: Any = SimpleNamespace(calls=lambda _: [exchange(status=200)], succeeded=lambda _: None)
    incident = Incident(journal, Signals(), broker=broker, alerts=alerts)
    claims: Any = Observability(None, None, None, journal, waiting, incident, issues, calls)  # type: ignore[arg-type]
    claims._known += [(alert, known[alert.mark]) for alert in alerts]
    if comes_back:
        claims.recovers(alerts, lambda _: None)
    else:
        refused(lambda: claims.recovers(alerts, lambda _: None), "to state the value 89.31")
    assert len(fired) == 3


def test_what_a_comment_says_is_not_said_below_a_heading_of_the_description() -> None:
    failed = Comment(
        id="1", body="The function is unavailable", created_at=datetime.now(UTC), author_email=None, edited_at=None
    )
    commented = issue_of(make_alert(), description="## Logs\nThere are none.", comments=(failed,))
    observability.not_unavailable(commented, "logs")
    refused(lambda: observability.says_unavailable(commented, "logs"), "none")


def test_what_is_said_of_another_kind_does_not_count() -> None:
    refused(lambda: observability.says_unavailable(ticket("## Logs\nunavailable\n## Metrics\n87.31"), "metrics"), "'87")


def test_the_same_statement_about_two_alerts_is_the_same() -> None:
    said = "## Logs\n\nNo line of {pod} since 10:4{n}."
    one, other = make_alert(), make_alert()
    first, second = (
        (alert, issue_of(alert, description=said.format(pod=alert.pod, n=number)))
        for number, alert in enumerate((one, other))
    )
    before = observability.statement(first[1], first[0], "logs")
    refused(lambda: observability.says_otherwise(second[1], second[0], "logs", before), "finds nothing", "No line of")
    failed = issue_of(other, description="## Logs\n\nLoki answered 422.")
    observability.says_otherwise(failed, other, "logs", before)


# -- graphs

START = datetime(2026, 1, 8, 10, 0, 0, tzinfo=UTC)
EXPRESSION = 'load{pod="checkout"} > 80'
FROM, TO = START - timedelta(minutes=5), START + timedelta(minutes=5)


def milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def explore(since: str, until: str) -> dict[str, Any]:
    """A pane of Grafana's Explore."""
    return {"queries": [{"expr": EXPRESSION}], "range": {"from": since, "to": until}}


def encoded(value: Any) -> str:
    return quote(json.dumps(value))


GRAPHS = [
    f"http://p/graph?g0.expr={quote(EXPRESSION)}&g0.tab=0&g0.range_input=10m&g0.end_input=2026-01-08%2010%3A05%3A00",
    f"http://p/graph?g0.expr=up&g1.expr={quote(EXPRESSION)}&g1.range_input=600s&g1.end_input=2026-01-08%2010%3A05",
    f"https://g/explore?left={encoded(explore(milliseconds(FROM), milliseconds(TO)))}",
    f"https://g/explore?schemaVersion=1&panes={encoded({'a': explore(FROM.isoformat(), TO.isoformat())})}",
]
NO_WINDOW = [
    f"http://p/graph?g0.expr={quote(EXPRESSION)}&g0.tab=1",
    f"https://g/explore?left={encoded(explore('now-1h', 'now'))}",
]


def linking(url: str) -> Issue:
    return issue_of(make_alert(), attachments=(Attachment(id="a", title="Graph", subtitle=None, url=url),))


@pytest.mark.parametrize("url", GRAPHS)
def test_a_graph_is_understood_in_the_forms_of_prometheus_and_grafana(url: str) -> None:
    found = [graph for graph in graphs.graphs_in(linking(url)) if graph.expression == EXPRESSION]
    assert [graph.window for graph in found] == [(FROM, TO)]
    graphs.around(linking(url), found, found, START)
    in_text = graphs.graphs_in(issue_of(make_alert(), description=f"[graph]({url})"))
    assert [graph.expression for graph in in_text][-1] == EXPRESSION


@pytest.mark.parametrize("url", NO_WINDOW)
def test_a_graph_of_whatever_is_now_is_not_one_of_the_alerts_start(url: str) -> None:
    found = graphs.graphs_in(linking(url))
    assert [(graph.expression, graph.window) for graph in found] == [(EXPRESSION, None)]
    refused(lambda: graphs.around(linking(url), found, found, START), "10:00:00", "what is now")


IN_FULL = "max by (pod) (last_over_time(load{pod='checkout'}[5s])) > 80"
BARE = f"http://p/graph?g0.expr={quote(IN_FULL, safe='()')}&g0.range_input=10m&g0.end_input=2026-01-08%2010%3A05%3A00"
"""As `encodeURIComponent` writes it: parentheses are left as they are."""


@pytest.mark.parametrize(
    "text", [f"[graph]({BARE})", f"see [graph]({BARE}), or (here: {BARE})", f"({BARE}).", f"<{BARE}>", f"Graph: {BARE}"]
)
def test_an_address_has_parentheses_of_its_own(text: str) -> None:
    found = graphs.graphs_in(issue_of(make_alert(), description=text))
    assert found == [graphs.Graph(BARE, IN_FULL, (FROM, TO))]


def test_an_address_that_breaks_off_within_parentheses_shows_another_expression() -> None:
    found = graphs.graphs_in(issue_of(make_alert(), description=f"[graph]({BARE.partition('(last')[0]})"))
    assert [graph.expression for graph in found] == ["max by (pod) "]


@pytest.mark.parametrize("fraction", [0, 1, 500_000, 999_999])
def test_a_graph_that_ends_or_begins_with_the_second_of_the_start_is_of_its_time(fraction: int) -> None:
    start, ten = START.replace(microsecond=fraction), timedelta(minutes=10)
    for window in ((START - ten, START), (START, START + ten)):
        graph = graphs.Graph("http://p", EXPRESSION, window)
        graphs.around(ticket(""), [graph], [graph], start)
    past = graphs.Graph("http://p", EXPRESSION, (START - ten, START - timedelta(seconds=1)))
    refused(lambda: graphs.around(ticket(""), [past], [past], start), "10:00:00")


@pytest.mark.parametrize(("since", "until"), [(-120, -60), (60, 120), (-50_000, 50_000), (-120, -1), (1, 120)])
def test_a_graph_of_another_time_is_refused(since: int, until: int) -> None:
    window = (START + timedelta(seconds=since), START + timedelta(seconds=until))
    graph = graphs.Graph("http://p", EXPRESSION, window)
    refused(lambda: graphs.around(ticket(""), [graph], [graph], START), "10:00:00")


def test_a_ticket_without_a_graph_or_with_a_strange_one_is_refused() -> None:
    refused(lambda: graphs.around(ticket(""), [], [], START), "links to no graph")
    strange = graphs.graphs_of(GRAPHS[0])
    refused(lambda: graphs.around(ticket(""), [], strange, START), "none of its 1 graphs")
    assert graphs.graphs_of("https://linear.app/x?left=%7Bnothing") == []
    assert graphs.expression_of("https://linear.app/") is None


# -- agent-sre's own telemetry


def test_events_are_counted_by_their_type() -> None:
    telemetry.counted_by_type({FIRED: 2, RESOLVED: 0}, {FIRED: 2})
    refused(lambda: telemetry.counted_by_type({FIRED: 0, RESOLVED: 2}, {FIRED: 2}), "2 events", FIRED, "grown by 0")
    refused(lambda: telemetry.counted_by_type({FIRED: 3}, {FIRED: 2}), "grown by 3")


class Counting:
    """An agent that counts the events it is told, in the journal as well, and the Prometheus that scrapes it."""

    def __init__(self, journal: Journal) -> None:
        self.journal, self.told = journal, list[str]()
        incident = Incident(journal, Signals(), broker=None, alerts=[])  # type: ignore[arg-type]
        incident.began = journal.cursor()
        waiting = Waiting(journal, Limits(scrape=0.3, recovery=0.3))
        self.claims = telemetry.Telemetry(self, lambda: self, None, journal, waiting, incident)  # type: ignore[arg-type]

    def metric(self, name: str) -> float:
        return len(self.told)

    def value(self, expression: str) -> float:
        return sum(kind in expression or "event_type" not in expression for kind in self.told)

    def tell(self, happening: Happening, counts: bool = True) -> None:
        event = event_about(make_alert(), happening, "c")
        message = encode(event, "binary")
        said: Any = {"caller": "broker", "callee": "agent-sre", "method": "POST", "url": "http://agent-sre/"}
        self.journal.record(**said, request_headers=message.headers, request_body=message.body, status=202)
        self.told += [event.type] * counts


@pytest.mark.parametrize(
    ("names", "attempts", "begun"),
    [({"agent_sre_active_remediations"}, 0, True), (set[str](), 1, True), (set[str](), 0, False)],
)
def test_prometheus_has_begun_to_scrape_once_it_knows_anything_of_the_agent(
    names: set[str], attempts: int, begun: bool
) -> None:
    counting: Any = Counting(Journal())
    counting.names = lambda prefix: {name for name in names if name.startswith(prefix)}
    counting.series = lambda query: [Series({}, 0.0)] * attempts
    if begun:
        counting.claims.scraped()
    else:
        with pytest.raises(BedNotReady, match="has not begun to"):
            counting.claims.scraped()


def test_an_event_of_before_is_counted_with_those_before() -> None:
    counting = Counting(Journal())
    counting.tell("resolved")
    before = counting.claims.received_so_far()
    counting.tell("fired")
    counting.tell("resolved")
    counting.claims.received(before)
    counting.tell("fired", counts=False)
    refused(lambda: counting.claims.received(before), "the 2 events", FIRED, "grown by 1")


@pytest.mark.parametrize("lands", [True, False])
def test_events_are_not_counted_while_one_of_before_is_on_its_way(lands: bool) -> None:
    journal = Journal()
    counting = Counting(journal)
    url = "http://agent-sre/"
    late = journal.begin(caller="broker", callee="agent-sre", method="POST", url=url, headers=())
    if lands:
        threading.Timer(0.1, late.end).start()
        assert counting.claims.received_so_far().at >= journal.exchanges()[0].ended
    else:
        with pytest.raises(BedNotReady, match="an earlier incident's event is"):
            counting.claims.received_so_far()


def test_the_seconds_of_remediations_are_no_more_than_can_have_passed() -> None:
    telemetry.counted_seconds(2, 0.08, 2, 1.5)
    telemetry.counted_seconds(3, 0.08, 2, 1.5)
    refused(lambda: telemetry.counted_seconds(2, 82.6, 2, 1.5), "at most 1.5", "grown by 82.6")
    refused(lambda: telemetry.counted_seconds(2, 0, 2, 1.5), "grown by 0")
    refused(lambda: telemetry.counted_seconds(1, 0.08, 2, 1.5), "the 2 remediations", "grown by 1")


def attempts(**by_status: float) -> list[Series]:
    return [Series({"status": status}, value) for status, value in by_status.items()]


@pytest.mark.parametrize("tries", [1, 3])
@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        ("success", attempts(success=1)),
        ("success", attempts(succeeded=1, failed=0)),
        ("failure", attempts(failure=1)),
        ("failure", attempts(error=1, ok=0)),
    ],
)
def test_one_remediation_is_counted_with_its_outcome(
    outcome: telemetry.Outcome, found: list[Series], tries: int
) -> None:
    telemetry.counted_once(found, make_alert(), outcome, tries)


def test_each_try_may_be_counted_with_an_outcome_of_its_own() -> None:
    telemetry.counted_once(attempts(success=1, failure=2), make_alert(), "success", 3)
    telemetry.counted_once(attempts(failure=3), make_alert(), "failure", 3)
    refused(lambda: telemetry.counted_once(attempts(failure=2), make_alert(), "failure", 3), "one failure", "2 with")
    refused(lambda: telemetry.counted_once(attempts(success=1, failure=2), make_alert(), "failure", 3), "one failure")


@pytest.mark.parametrize("tries", [1, 3, 4])
@pytest.mark.parametrize(
    "found",
    [
        [],
        attempts(success=3),
        attempts(success=1, failure=4),
        attempts(success=2, failure=1),
        attempts(failure=1),
        attempts(success=0),
    ],
)
def test_other_counts_are_refused(found: list[Series], tries: int) -> None:
    refused(lambda: telemetry.counted_once(found, make_alert(), "success", tries), "one success")


PANEL = Panel("Events", ("rate(x[5m])", "sum(x)"))


def asking(*values: float) -> Callable[[str], list[Series]]:
    return lambda _: [Series({}, value) for value in values]


def test_a_panel_shows_data_in_each_of_its_queries() -> None:
    assert "2 series, the first 0" in telemetry.shows_data(PANEL, asking(0.0, 1.0))
    refused(lambda: telemetry.shows_data(PANEL, asking()), "Events", "rate(x[5m])", "yields no series")


def test_a_share_of_what_has_not_happened_twice_is_no_number_and_yet_data() -> None:
    assert "1 series, the first nan" in telemetry.shows_data(PANEL, asking(float("nan")))


def test_a_panel_whose_query_is_refused_says_so() -> None:
    def refuse(_: str) -> list[Series]:
        raise QueryRefused("1:1: parse error")

    refused(lambda: telemetry.shows_data(PANEL, refuse), "Events", "refuses its query", "parse error")


NAMES = {"agent_sre_events_total", "agent_sre_took_seconds_sum", "up"}
DECLARED = {"agent_sre_events_total", "agent_sre_took_seconds", "agent_sre_fallbacks_total"}
ASKED = [
    "sum(rate(agent_sre_fallbacks_total[5m])) or vector(0)",
    "sum by (agent_sre_x) (agent_sre_events_total{job='agent_sre_y'}) or on() vector(0)",
    "agent_sre_took_seconds_count offset 5m or vector(0)",
    'label_replace(agent_sre_fallbacks_total, "agent_sre_x", "$1", "y", "(.*)") or vector(0)',
    "kube_pod_info or vector(0)",
    "sum(rate(agent_sre_fallbaks_total[5m]))",
]


@pytest.mark.parametrize("query", ASKED)
def test_a_panel_may_say_that_nothing_has_happened(query: str) -> None:
    telemetry.asks_for_what_is(Panel("Fallbacks", (query,)), NAMES, DECLARED)


@pytest.mark.parametrize(
    "query",
    [
        "sum(rate(agent_sre_fallbaks_total[5m])) or vector(0)",
        'sum by (kind) (agent_sre_fallback{kind="agent_sre_fallbacks_total"}) or on () vector (0)',
        "absent(agent_sre_fallback)",
        "agent_sre_fallbacks_total or agent_sre_fallback_total or vector(0)",
    ],
)
def test_a_panel_that_says_so_of_a_metric_which_is_not_there_is_refused(query: str) -> None:
    panel = Panel("Fallbacks", ("up", query))
    refused(lambda: telemetry.asks_for_what_is(panel, NAMES, DECLARED), "Fallbacks", "asks for agent_sre_fallba", query)
    telemetry.asks_for_what_is(panel, NAMES, {"agent_sre_events_total"})
    telemetry.asks_for_what_is(panel, NAMES, set())


def test_a_dashboards_panels_are_read_with_their_variables_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    file.write_text(
        '{"templating": {"list": [{"name": "function", "current": {"value": "$__all"}},'
        ' {"name": "ns", "current": {"value": ["ai", "shop"]}}]},'
        ' "panels": [{"type": "row", "panels": [{"title": "A", "targets": '
        '[{"expr": "x{f=~\\"$function\\", n=~\\"${ns:regex}\\"}[$__rate_interval] $other"}]}]}, {"type": "text"}]}'
    )
    assert dashboard.panels(file) == [Panel("A", ('x{f=~".*", n=~"ai|shop"}[5m] $other',))]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ({"type": "query"}, ".*"),
        ({"type": "query", "current": {}}, ".*"),
        ({"type": "query", "current": None, "allValue": ".+"}, ".+"),
        ({"type": "query", "current": {"value": "shop"}}, "shop"),
        ({"type": "custom", "query": "ai, shop"}, "ai"),
        ({"type": "custom", "query": "ai, shop", "includeAll": True}, ".*"),
        ({"type": "constant", "query": "ai, shop"}, "ai, shop"),
    ],
)
def test_a_variable_that_nobody_has_set_begins_as_in_grafana(
    tmp_path: Path, variable: dict[str, Any], value: str
) -> None:
    file = tmp_path / "dashboard.json"
    panel = {"title": "A", "targets": [{"expr": 'x{n=~"$ns"}'}]}
    file.write_text(json.dumps({"templating": {"list": [{"name": "ns", **variable}]}, "panels": [panel]}))
    assert dashboard.panels(file) == [Panel("A", (f'x{{n=~"{value}"}}',))]


@pytest.mark.parametrize(
    ("variable", "expression"),
    [
        ({"type": "query"}, 'x{n=~".*", o!=".*"}'),
        ({"type": "query", "refresh": 1, "current": {"value": "elsewhere"}}, 'x{n=~".*", o!=".*"}'),
        ({"type": "query", "refresh": 2, "current": {"value": ["elsewhere"]}}, 'x{n=~".*", o!=".*"}'),
        ({"type": "query", "refresh": 0, "current": {"value": "shop"}}, 'x{n="shop", o!="shop"}'),
        ({"type": "query", "refresh": 1, "current": {"value": "$__all"}}, 'x{n=".*", o!=".*"}'),
        ({"type": "query", "includeAll": True}, 'x{n=".*", o!=".*"}'),
        ({"type": "custom", "query": "ai, shop"}, 'x{n="ai", o!="ai"}'),
        ({"type": "constant", "query": "shop"}, 'x{n="shop", o!="shop"}'),
    ],
)
@pytest.mark.parametrize("written", ["$ns", "${ns}"])
def test_a_variable_that_grafana_asks_for_may_be_any_of_what_it_finds(
    tmp_path: Path, variable: dict[str, Any], expression: str, written: str
) -> None:
    file = tmp_path / "dashboard.json"
    panel = {"title": "A", "targets": [{"expr": f'x{{n="{written}", o!="{written}"}}'}]}
    file.write_text(json.dumps({"templating": {"list": [{"name": "ns", **variable}]}, "panels": [panel]}))
    assert dashboard.panels(file) == [Panel("A", (expression,))]


UP = {"expr": "up", "refId": "A"}
TWICE = {"datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "$A * 2", "refId": "B", "type": "math"}
INPUTS = [{"name": "DS", "type": "datasource", "pluginId": "prometheus"}, {"name": "LOGS", "pluginId": "loki"}]
CHOICE = {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]}


@pytest.mark.parametrize(
    "source", ["Prometheus", "${DS}", "$source", "${source}", "-- Mixed --", None, {"uid": "x"}, {"type": "prometheus"}]
)
def test_a_panel_may_name_prometheus_in_any_of_grafanas_ways(tmp_path: Path, source: Any) -> None:
    file = tmp_path / "dashboard.json"
    panel = {"title": "A", "datasource": source, "targets": [UP, TWICE, TWICE | {"datasource": "__expr__"}]}
    file.write_text(json.dumps({"__inputs": INPUTS, "templating": CHOICE, "panels": [panel]}))
    assert dashboard.panels(file) == [Panel("A", ("up",))]


@pytest.mark.parametrize("source", ["Loki", "${LOGS}", "tempo-homelab", {"type": "loki"}])
def test_a_panel_of_another_data_source_is_passed_over(tmp_path: Path, source: Any) -> None:
    file = tmp_path / "dashboard.json"
    other, own = {"title": "A", "datasource": source, "targets": [UP]}, {"title": "B", "targets": [UP]}
    file.write_text(json.dumps({"__inputs": INPUTS, "panels": [other, own]}))
    assert dashboard.panels(file) == [Panel("B", ("up",))]
    file.write_text(json.dumps({"__inputs": INPUTS, "panels": [other]}))
    with pytest.raises(DashboardUnavailable, match=r"No panel of .* asks Prometheus"):
        dashboard.panels(file)


def test_the_range_may_be_wanted_in_seconds(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    file.write_text(json.dumps({"panels": [{"title": "A", "targets": [{"expr": "rate(x[${__range_s}s])"}]}]}))
    assert dashboard.panels(file) == [Panel("A", ("rate(x[300s])",))]


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        '{"title": "no panels"}',
        '{"panels": [{"title": "L", "datasource": {"type": "loki"}, "targets": [{"expr": "{}"}]}]}',
        '{"panels": [{"targets": [{"refId": "A"}]}]}',
    ],
)
def test_what_is_no_dashboard_of_prometheus_is_the_environments_fault(tmp_path: Path, content: str) -> None:
    file = tmp_path / "dashboard.json"
    file.write_text(content)
    with pytest.raises(DashboardUnavailable):
        dashboard.panels(file)
    with pytest.raises(DashboardUnavailable, match="names no dashboard"):
        dashboard.panels(None)


def test_the_references_dashboard_is_found_from_its_profile() -> None:
    assert len(dashboard.panels(profile.load("reference").dashboard)) > 3


# -- retries during an outage


def tries(*pauses: float, body: bytes = b'{"query": "{ viewer { id } }"}') -> list[Exchange]:
    at, made = 0.0, []
    for pause in (0.0, *pauses):
        at += pause
        made.append(exchange(request_body=body, began=at, ended=at))
    return made


def test_growing_pauses_between_tries_are_seen() -> None:
    assert len(calls.tried_again(tries(0.1, 0.2, 0.4), 1.5)) == 4
    for before, after in pairwise(tries(0.1, 0.2)):
        assert before.began < after.began


def test_tries_whose_bodies_differ_are_one_request_when_they_ask_for_the_same() -> None:
    made = [
        replace(one, request_body=b'{"query": "{ viewer { id } }", "variables": {"n": %d}}' % number)
        for number, one in enumerate(tries(0.1, 0.2, 0.4))
    ]
    calls.tried_again(made, 1.5)


def test_no_retry_a_storm_and_shrinking_pauses_are_refused() -> None:
    refused(lambda: calls.tried_again(tries(0.1), 1.5), "at least 4 times", "2 calls")
    refused(lambda: calls.tried_again(tries(0.1, 0.1, 0.1), 1.5), "grow", "0.10 s, 0.10 s, 0.10 s")


def test_who_gives_a_call_up_after_three_tries_shows_two_pauses() -> None:
    refused(lambda: calls.tried_again(tries(0.1, 0.2), 1.5), "at least 4 times", "3 calls")
    assert len(calls.tried_again(tries(0.1, 0.2), 1.5, calls.FEWEST)) == 3
    refused(lambda: calls.tried_again(tries(0.1, 0.1), 1.5, calls.FEWEST), "grow", "0.10 s, 0.10 s")


def test_even_pauses_that_a_busy_machine_lengthened_are_not_taken_for_growing_ones() -> None:
    for pauses in ((0.1, 0.16, 0.12), (0.1, 0.1, 0.17), (0.12, 0.1, 0.17, 0.1), (0.1, 0.25, 0.1)):
        refused(lambda pauses=pauses: calls.tried_again(tries(*pauses), 1.5, calls.FEWEST), "grow")


def test_pauses_that_a_busy_machine_lengthened_at_first_are_seen_to_grow_after_that() -> None:
    assert len(calls.tried_again(tries(0.33, 0.25, 0.45, 0.9), 1.5)) == 4
    refused(lambda: calls.tried_again(tries(0.1, 0.1, 0.1, 0.1, 0.1, 0.4), 1.5), "grow", "0.10 s, 0.10 s")


def test_an_even_look_beside_growing_pauses_is_no_storm_when_it_is_slow() -> None:
    look, opening = b'{"query": "{ viewer { id } }"}', b'{"query": "mutation { issueCreate(input: {}) { success } }"}'
    slow, quick = tries(1.0, 1.0, 1.0, body=look), tries(0.1, 0.1, 0.1, body=look)
    grown = tries(0.1, 0.2, 0.4, body=opening)
    assert calls.tried_again([*slow, *grown], 1.5) == grown
    refused(lambda: calls.tried_again([*quick, *grown], 1.5), "grow", "0.10 s, 0.10 s")
    refused(lambda: calls.tried_again([*slow, *tries(0.1, 0.1, 0.1, body=opening)], 1.5), "grow", "1.00 s, 1.00 s")


def test_an_alert_about_which_nothing_is_known_has_a_service_of_its_own() -> None:
    one, other = observability.unknown_alert(), observability.unknown_alert()
    assert isinstance(one, Alert)
    assert one.labels["service"] != other.labels["service"]
