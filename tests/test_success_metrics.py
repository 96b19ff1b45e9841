"""The success metrics: what is measured is what there was; a good load meets each claim, and a bad one misses it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest

from steps.drivers.load import Arrival, Keeping, Latencies
from steps.incident import integrations, measures, outages, success, traffic
from steps.incident.alert import Alert, make_alert
from steps.incident.incident import Incident
from steps.incident.integrations import APPROVALS, EVENTS, JIRA, LINEAR, OBSERVABILITY, SYSTEMS, TRM, Facts, Trace
from steps.incident.measurement import Measurement, histogram, spread, table
from steps.incident.outages import Outage
from steps.incident.success import Delays, Tally
from steps.incident.traffic import Load
from steps.incident.waiting import BedNotReady
from steps.targets import profile as profiles
from steps.world.journal import Exchange, Flight, Journal
from steps.world.processes.usage import ALONE, Share
from steps.world.services.covered import NOT_COVERED
from steps.world.services.signals import Signals
from tests.test_claims import refused

LINEAR_URL, JIRA_URL = "https://api.linear.app/graphql", "https://acceptance.atlassian.net/rest/api/3"
SLACK_URL = "https://hooks.slack.com/services/T0/B0/x"
HOSTS = {"linear": LINEAR_URL, "jira": JIRA_URL, "slack": SLACK_URL}
CREATE = json.dumps({"query": "mutation M($input: IssueCreateInput!) { issueCreate(input: $input) { success } }"})
CREATE_SEVERAL = json.dumps(
    {
        "query": "mutation M($input: IssueBatchCreateInput!) { issueBatchCreate(input: $input) { success } }",
        "variables": {"input": {"issues": [{"id": "0d7b9f0e"}]}},
    }
)
CREATE_FLAT = json.dumps(
    {
        "query": 'mutation M($id: String!) { issueCreate(input: {id: $id, teamId: "t-1"}) { success } }',
        "variables": {"id": "0d7b9f0e"},
    }
).encode()
CREATE_LITERALLY = json.dumps(
    {
        "query": 'mutation { issueCreate(input: {id: "0d7b9f0e", teamId: "t-1"}) { issue { identifier } } }',
        "variables": None,
    }
).encode()
DONE = b'{"data": {"issueCreate": {"success": true}}}'
NUMBERED = b'{"data": {"issueCreate": {"issue": {"identifier": "BVL-7"}}}}'
SETTINGS = profiles.Load()


JOURNAL = Journal()


def exchange(callee: str = "linear", journal: Journal = JOURNAL, **said: Any) -> Exchange:
    """A call of agent-sre's that went well, changed as the test wants it."""
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "method": "POST",
        "url": HOSTS.get(callee, f"http://{callee}.test/"),
        "status": 200,
        "response_body": b"ok" if callee == "slack" else b"{}",
    }
    return journal.record(callee=callee, **usual | said)


def opened(alert: Alert, *, at: float = 100.0, journal: Journal = JOURNAL, **said: Any) -> Exchange:
    """The call that opens the alert's issue in Linear."""
    asked = json.loads(CREATE) | {"variables": {"input": {"id": "0d7b9f0e", "title": alert.mark}}}
    issue = {"id": "0d7b9f0e", "identifier": "BVL-7"}
    usual = {
        "request_body": json.dumps(asked).encode(),
        "response_body": json.dumps({"data": {"issueCreate": {"issue": issue}}}).encode(),
        "began": at - 0.05,
        "ended": at,
    }
    return exchange(journal=journal, **usual | said)


def load_of(
    alerts: Sequence[Alert],
    calls: Sequence[Exchange],
    traces: dict[str, Trace] | None = None,
    systems: Sequence[str] = ("Linear",),
    **changes: Any,
) -> Load:
    """A load that was well carried, each alert of which was due at 100 s."""
    about = {alert.mark: [call for call in calls if alert.mark in call.request_text] for alert in alerts}
    usual: dict[str, Any] = {
        "alerts": alerts,
        "systems": systems,
        "due": {alert.mark: 100.0 for alert in alerts},
        "keeping": Keeping(10, 10, Latencies([0.001])),
        "capacity": 1000,
        "machine": ALONE,
        "began": 100.0,
        "ended": 110.0,
        "calls": calls,
        "traces": traces or {mark: integrations.trace_of(own) for mark, own in about.items()},
    }
    return Load(**usual | changes)


# -- single calls


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (exchange(), None),
        (exchange(status=503), "answered 503"),
        (exchange(status=None, error="The connection was reset."), "The connection was reset."),
        (exchange(status=None), "had no answer"),
        (exchange("kubernetes", method="GET", status=404), None),
        (exchange("functions", status=404), "answered 404"),
        (exchange("slack", response_body=b"no_text"), "answered 'no_text'"),
        (exchange("jira", status=204, response_body=b""), None),
        (exchange(response_body=b'{"errors": [{"message": "Internal"}]}'), "answered 'Internal'"),
        (exchange(response_body=b"<html>"), "answered 'something that cannot be understood'"),
        (
            exchange(
                request_body=b'{"query": "query { issue }"}',
                response_body=b'{"errors": [{"message": "Entity not found"}]}',
            ),
            None,
        ),
        (
            exchange(request_body=CREATE.encode(), response_body=b'{"errors": [{"message": "Team not found"}]}'),
            "answered 'Team not found'",
        ),
    ],
)
def test_a_call_fails_when_it_is_not_answered_as_it_should(call: Exchange, reason: str | None) -> None:
    assert integrations.failure(call) == reason


@pytest.mark.parametrize(
    ("call", "how"),
    [
        (exchange(), None),
        (exchange(status=500), None),
        (exchange("jira", status=401), "answered 401"),
        (exchange("agent-sre", caller="slack", status=403), "answered 403"),
        (
            exchange(status=400, response_body=b'{"errors": [{"extensions": {"code": "AUTHENTICATION_ERROR"}}]}'),
            "answered AUTHENTICATION_ERROR",
        ),
        (exchange("slack", status=404, response_body=b"no_service"), "answered 'no_service'"),
    ],
)
def test_a_credential_is_rejectedin_each_systems_way(call: Exchange, how: str | None) -> None:
    assert integrations.credential_refused(call) == how


def limited(callee: str, ended: float, seconds: float, **said: Any) -> Exchange:
    """A call that the system answered with its rate limit."""
    if callee == "linear":
        headers = (
            ("x-ratelimit-requests-remaining", "0"),
            ("x-ratelimit-requests-reset", str(int((ended + seconds) * 1000))),
        )
        usual: dict[str, Any] = {
            "status": 400,
            "response_headers": headers,
            "response_body": b'{"code": "RATELIMITED"}',
        }
    else:
        usual = {"status": 429, "response_headers": (("retry-after", f"{seconds:g}"),)}
    return exchange(callee, began=ended - 0.01, ended=ended, **usual | said)


@pytest.mark.parametrize("callee", ["linear", "jira", "slack"])
def test_the_end_of_a_rate_limit_is_read_as_each_system_tells_it(callee: str) -> None:
    assert integrations.limited_until(limited(callee, 100.0, 2)) == pytest.approx(102, abs=0.011)
    assert integrations.limited_until(exchange(callee)) is None


# -- what has become of an alert


def test_a_trace_tells_when_each_effect_was_there() -> None:
    alert = make_alert()
    calls = [
        exchange("agent-sre", caller="broker", status=202, began=100.1, ended=105.0),
        opened(alert, at=100.6, status=503),
        opened(alert, at=101.0),
        exchange("jira", url=f"{JIRA_URL}/issue", status=201, began=101.0, ended=101.5),
        exchange("jira", url=f"{JIRA_URL}/issue/HOMELAB-7/comment", status=201, began=101.0, ended=101.2),
        exchange("functions", url="http://pod-restart.ai.svc/", began=101.5, ended=102.0),
        exchange("slack", began=102.0, ended=102.5),
    ]
    seen = integrations.trace_of(calls)
    assert seen.arrived() == 100.1
    assert seen.opened("linear") == 101.0
    assert seen.opened("jira") == 101.5
    assert seen.called() == seen.called("pod-restart") == 102.0
    assert seen.called("pod-check") is None
    assert seen.answered("slack") == 102.5
    assert seen.answered("trm") is None


def facts(**changes: Any) -> Facts:
    known = {
        "value": Fraction("87.31"),
        "line": "the pool is empty",
        "trace": "ab" * 16,
        "target": Fraction("0.973"),
        "assignee": "u-1",
    }
    return Facts(**known | changes)


TELLS = "CPU is at 87.31 now.\nthe pool is empty\nTrace: " + "AB" * 16 + "\nTarget: 97.3 %"


@pytest.mark.parametrize("system", ["Prometheus", "Loki", "Tempo", "the SLM service", "the on-call service"])
def test_a_fact_on_the_ticket_is_an_effect_and_another_alerts_fact_is_none(system: str) -> None:
    alert = make_alert()
    told = {"variables": {"input": {"description": TELLS, "assigneeId": "u-1", "title": alert.mark}}}
    call = exchange(request_body=json.dumps(json.loads(CREATE) | told).encode(), began=100.0, ended=100.5)
    effect = SYSTEMS[system].effect
    assert effect(integrations.trace_of([call], facts())) == 100.5
    other = facts(value=Fraction("87.42"), line="another", trace="cd" * 16, target=Fraction("0.974"), assignee="u-2")
    assert effect(integrations.trace_of([call], other)) is None
    assert effect(integrations.trace_of([call])) is None


def test_what_is_said_later_about_the_alerts_ticket_belongs_to_the_alert() -> None:
    journal, alert = Journal(), make_alert()
    opened(alert, journal=journal)
    comment = exchange(
        journal=journal, request_body=b'{"variables": {"issueId": "BVL-7", "body": "the pool is empty"}}'
    )
    exchange(journal=journal, request_body=b'{"variables": {"issueId": "BVL-8", "body": "the pool is empty"}}')
    seen = integrations.trace(journal, alert, facts(), 0)
    assert [call.number for call in seen.calls if call.ended >= comment.ended][:1] == [comment.number]
    assert SYSTEMS["Loki"].effect(seen) == comment.ended
    assert len(seen.calls) == 2


@pytest.mark.parametrize(
    ("callee", "said", "names"),
    [
        (
            "jira",
            {
                "url": f"{JIRA_URL}/issue",
                "request_body": b"{}",
                "response_body": b'{"id": "10042", "key": "HOMELAB-7"}',
            },
            {"HOMELAB-7", "/issue/10042"},
        ),
        (
            "linear",
            {
                "request_body": CREATE_SEVERAL.encode(),
                "response_body": b'{"data": {"issueBatchCreate": {"issues": [{"id": "u-7", "identifier": "BVL-7"}]}}}',
            },
            {"0d7b9f0e", "u-7", "BVL-7"},
        ),
        ("linear", {"request_body": CREATE_FLAT, "response_body": DONE}, {"0d7b9f0e"}),
        ("linear", {"request_body": CREATE_LITERALLY, "response_body": DONE}, {"0d7b9f0e"}),
        ("linear", {"request_body": CREATE_LITERALLY, "response_body": NUMBERED}, {"0d7b9f0e", "BVL-7"}),
        ("linear", {"request_body": CREATE_FLAT, "response_body": b"", "status": None}, {"0d7b9f0e"}),
        ("linear", {"request_body": CREATE_FLAT.replace(b"Create(", b"Update("), "response_body": NUMBERED}, set()),
        ("linear", {"request_body": CREATE_FLAT.replace(b'{"id": "0d7b9f0e"}', b"[7]"), "response_body": DONE}, set()),
        ("jira", {"url": f"{JIRA_URL}/issue/HOMELAB-7/comment"}, set()),
        ("linear", {"request_body": b"{}"}, set()),
    ],
)
def test_a_ticket_has_the_names_that_its_tracker_gives_it(callee: str, said: dict[str, Any], names: set[str]) -> None:
    assert integrations.ticket_names(exchange(callee, **said)) == names


def test_calls_about_other_alerts_are_not_counted_and_calls_about_none_are() -> None:
    journal, alert, other = Journal(), make_alert(), make_alert()
    own = opened(alert, journal=journal)
    opened(other, journal=journal)
    about_none = exchange(journal=journal, request_body=b'{"query": "query { teams }"}')
    exchange("jira", journal=journal, request_body=alert.mark.encode())
    found = integrations.calls_between(journal, [("agent-sre", "linear")], [alert], 0)
    assert {call.number for call in found} == {own.number, about_none.number}


def test_calls_about_the_tickets_of_others_are_not_counted_and_calls_about_the_own_ones_are() -> None:
    journal, alert, other = Journal(), make_alert(), make_alert()
    theirs, mine, bare = (str(uuid4()) for _ in range(3))

    def create(ticket: str, title: str, began: float) -> Exchange:
        asked = json.loads(CREATE) | {"variables": {"input": {"id": ticket, "title": title}}}
        return exchange(journal=journal, request_body=json.dumps(asked).encode(), began=began)

    def comment(*tickets: str, answer: Sequence[str] = ()) -> Exchange:
        asked = {"query": "mutation M { commentCreate }", "variables": {"about": tickets}}
        told = {"errors": [{"message": "Argument Validation Error"}], "data": answer}
        return exchange(
            journal=journal, request_body=json.dumps(asked).encode(), response_body=json.dumps(told).encode(), began=101
        )

    create(theirs, other.mark, began=99)
    opening, untold = create(mine, alert.mark, began=100), create(bare, "Something is wrong", began=100)
    counted = [comment(mine), comment(mine, theirs), comment(bare), comment(), comment(answer=[theirs])]
    comment(theirs)
    found = integrations.calls_between(journal, [("agent-sre", "linear")], [alert], 100)
    assert [call.number for call in found] == [call.number for call in (opening, untold, *counted)]


# -- M1


def test_calls_and_alerts_without_effect_are_counted_where_they_belong() -> None:
    good, bad, lost = alerts = [make_alert() for _ in range(3)]
    calls = [opened(good), opened(bad, status=503), exchange("jira", status=500, request_body=good.mark.encode())]
    tally = success.calls_at(LINEAR, load_of(alerts, calls))
    assert (tally.count, len(tally.failures)) == (3, 2)
    assert tally.failures[0] == f"POST {LINEAR_URL} answered 503"
    assert lost.called in tally.failures[1]
    assert success.calls_at(JIRA, load_of([good], calls, systems=("Linear", "Jira"))).share == 0


def test_who_asks_once_for_several_alerts_is_judged_by_those_that_had_their_part() -> None:
    *served, lost = alerts = [make_alert() for _ in range(3)]
    together = opened(served[0], url=f"{LINEAR_URL}?{served[1].mark}")
    traces = {one.mark: integrations.trace_of([together] if one in served else []) for one in alerts}
    tally = success.calls_at(LINEAR, load_of(alerts, [together], traces))
    assert (tally.count, len(tally.failures)) == (3, 1)
    assert lost.called in tally.failures[0]


def test_an_alert_that_was_passed_over_is_not_made_up_for_by_the_calls_of_the_others() -> None:
    *served, lost = alerts = [make_alert() for _ in range(50)]
    calls = [opened(alert) for alert in served for _ in range(7)]
    load = load_of(alerts, calls)
    of_calls = success.calls_at(LINEAR, load)
    (of_alerts,) = success.alerts_at(LINEAR, load)
    assert (of_calls.count, len(of_calls.failures)) == (344, 1)
    assert (of_alerts.count, of_alerts.share, of_alerts.of) == (50, 98, "alerts")
    worst = success.worst_of([of_calls, of_alerts])
    success.succeeded([of_calls], 99)
    told = ("99 % of the alerts", LINEAR, "to be served, but 1 of 50 were not (98 %)", f"Linear for {lost.called}")
    refused(lambda: success.succeeded([worst], 99), *told)


def test_of_an_alert_that_was_not_served_the_call_that_failed_is_told() -> None:
    good, bad = alerts = [make_alert() for _ in range(2)]
    (tally,) = success.alerts_at(LINEAR, load_of(alerts, [opened(good), opened(bad, status=503)]))
    assert tally.failures == (f"nothing came of Linear for {bad.called}: POST {LINEAR_URL} answered 503",)


def test_where_every_alert_was_served_the_calls_are_judged() -> None:
    alerts = [make_alert() for _ in range(2)]
    load = load_of(alerts, [opened(alert) for alert in (*alerts, *alerts)])
    worst = success.worst_of([success.calls_at(LINEAR, load), *success.alerts_at(LINEAR, load)])
    assert (worst.of, worst.count, worst.share) == ("calls", 4, 100)


def test_alerts_of_which_nothing_can_be_seen_say_nothing() -> None:
    load = load_of([make_alert()], [], systems=("Linear", "Loki"))
    (of_loki,) = success.alerts_at(OBSERVABILITY, load)
    assert of_loki.count == 0
    assert success.worst_of([Tally(OBSERVABILITY, 3), of_loki]).of == "calls"


def test_what_cannot_be_seen_without_a_ticket_is_not_counted_twice() -> None:
    alert = make_alert()
    load = load_of([alert], [], systems=("Linear", "Loki"))
    assert success.is_missed("Linear", alert, load)
    assert not success.is_missed("Loki", alert, load)
    assert success.is_missed("Loki", alert, load_of([alert], [opened(alert)], systems=("Linear", "Loki")))


def test_an_integration_point_that_no_alert_needs_says_nothing() -> None:
    with pytest.raises(BedNotReady, match="No alert of the load needs anything"):
        success.calls_at(TRM, load_of([], []))


def test_every_integration_point_of_the_ticket_has_its_systems() -> None:
    assert len({system.point for system in SYSTEMS.values()}) == 8
    assert {SYSTEMS[name].point for name in (*traffic.EVERYTHING, *traffic.WITH_APPROVAL)} == {
        system.point for system in SYSTEMS.values()
    }


def test_more_calls_have_to_succeed_than_the_target_says() -> None:
    success.succeeded([Tally(LINEAR, 200, ("POST https://x answered 503",))], 99)
    failures = ("POST https://x answered 503", "POST https://x answered 500")
    refused(lambda: success.succeeded([Tally(LINEAR, 200, failures)], 99), LINEAR, "2 of 200", "(99 %)", "answered 503")
    refused(lambda: success.succeeded([Tally(EVENTS, 0)], 99), EVENTS, "there is none")


def test_too_few_calls_are_no_measure() -> None:
    success.enough([Tally(LINEAR, 200)], 200)
    with pytest.raises(BedNotReady, match="only 199"):
        success.enough([Tally(LINEAR, 200), Tally(APPROVALS, 199)], 200)


# -- M2


def test_latencies_count_from_when_the_alert_was_due_and_one_without_effect_took_all_the_time() -> None:
    good, lost = alerts = [make_alert(), make_alert()]
    delays = success.delays_at("Linear", load_of(alerts, [opened(good, at=101.5)]), 2)
    assert delays.seconds.values == [1.5, 10.0]
    assert delays.missing == (lost.called,)
    measured = success.latency(delays, 2)
    assert (measured.value, measured.count, measured.passed) == (pytest.approx(10, rel=0.001), 2, False)
    assert lost.called in measured.failures[0]


def test_an_alert_without_effect_is_never_in_time_however_short_the_wait() -> None:
    delays = success.delays_at("Linear", load_of([make_alert()], [], ended=100.5), 2)
    refused(lambda: success.soon_enough([delays], 2), "at Linear", "1 of them have none")


def test_95_per_cent_have_to_be_soon_enough() -> None:
    success.soon_enough([Delays("Linear", Latencies([0.1] * 95 + [9.0] * 5), ())], 2)
    slow = Delays("Jira", Latencies([0.1] * 94 + [9.0] * 6), ("one", "another"))
    refused(lambda: success.soon_enough([slow], 2), "at Jira", "after 9.0", "2 of them have none")


def test_a_measure_has_its_percentiles_and_its_histogram() -> None:
    latencies = Latencies([number / 100 for number in range(1, 101)])
    seen = spread(latencies)
    assert (seen.p50, seen.p95, seen.p99, seen.max) == pytest.approx((0.5, 0.95, 0.99, 1.0), rel=0.002)
    buckets = histogram(latencies)
    assert sum(count for _, count in buckets) == 100
    assert buckets[-1][0] == pytest.approx(1.0)
    assert histogram(Latencies([0.0]))[0][1] == 1


# -- M3


def outage(**changes: Any) -> Outage:
    met = [exchange(status=None, error="The connection was refused.", fault="refused")]
    usual: dict[str, Any] = {"system": "Linear", "began": 100.0, "ended": 105.0, "met": met, "after": [exchange()]}
    return Outage(**usual | changes)


def test_a_recovery_takes_from_the_end_of_the_outage_to_the_first_complete_incident() -> None:
    good = outage(recovered=107.0, by=make_alert())
    outages.complete_again(good, 30)
    measured = outages.recovery(good, 30)
    assert (measured.value, measured.passed) == (2.0, True)


def test_a_late_recovery_is_rejectedwith_its_time() -> None:
    refused(lambda: outages.complete_again(outage(recovered=135.5, by=make_alert()), 30), "Linear", "30.50 s")


def test_no_recovery_is_rejectedwith_what_was_seen_instead() -> None:
    none = outage(after=[exchange(status=503)])
    assert none.took == math.inf
    refused(lambda: outages.complete_again(none, 30), f"1 calls since: POST {LINEAR_URL} answered 503")
    refused(lambda: outages.complete_again(outage(after=[]), 30), "nobody called it")
    measured = outages.recovery(none, 30)
    assert (measured.value, measured.passed) == (30, False)


def test_of_the_broker_an_alert_tells_only_that_has_passed_its_ingress() -> None:
    taken = exchange("agent-sre", caller="broker", status=202, began=106.0, ended=106.1)
    passed, refused_there = (
        exchange("broker", caller="prometheus-events", status=status, began=105.9, ended=106.0) for status in (202, 503)
    )
    effect = outages.system_of("the broker").effect
    assert effect(integrations.trace_of([passed, taken])) == 106.0
    assert effect(integrations.trace_of([refused_there, taken])) is None
    assert effect(integrations.trace_of([taken])) is None
    assert effect(integrations.trace_of([passed])) is None


@pytest.mark.parametrize(
    ("lasted", "met", "enough"), [(4.9, True, False), (5.1, True, True), (5.1, False, False), (20.1, False, True)]
)
def test_an_outage_lasts_until_a_call_has_met_it(lasted: float, met: bool, enough: bool) -> None:
    down = outage(ended=math.inf) if met else outage(ended=math.inf, met=[])
    assert outages.lasted_enough(down, down.began + lasted, 5, 20) is enough


def test_an_outage_that_nobody_met_says_nothing() -> None:
    outages.was_met(outage())
    with pytest.raises(BedNotReady, match="the outage of Linear, but there was none"):
        outages.was_met(outage(met=[]))


# -- M4


@pytest.mark.parametrize(("party", "callee"), [("Linear", "linear"), ("Jira", "jira"), ("Slack", "slack")])
def test_what_is_sent_while_a_limit_is_known_is_early_and_what_was_on_its_way_is_not(party: str, callee: str) -> None:
    met = limited(callee, 100.0, 2)
    fine = [exchange(callee, began=at, ended=at + 0.01) for at in (99.0, 99.995, 100.1, 102.01)]
    good = success.compliance_at(party, load_of([], [met, *fine]), notice=0.25)
    assert (good.count, good.share) == (5, 100)
    success.never_while_limited([good], 100)
    bad = success.compliance_at(party, load_of([], [met, *fine, exchange(callee, began=101.5)]), notice=0.25)
    refused(lambda: success.never_while_limited([bad], 100), party, "1 of 6", "0.49 s before the limit ended")


@pytest.mark.parametrize(("party", "callee"), [("Linear", "linear"), ("Jira", "jira"), ("Slack", "slack")])
@pytest.mark.parametrize(("began", "share"), [(101.991, 100), (101.988, 50)])
def test_who_waits_from_the_head_of_an_answer_or_by_a_clock_of_its_own_is_not_early(
    party: str, callee: str, began: float, share: float
) -> None:
    met = limited(callee, 100.0, 2)  # its call began at 99.99
    assert success.compliance_at(party, load_of([], [met, exchange(callee, began=began)]), notice=0.25).share == share


def test_the_answer_to_a_click_may_be_sent_while_slacks_webhook_is_limited() -> None:
    met = limited("slack", 100.0, 2)
    answer = exchange("slack", began=101.5, url="https://hooks.slack.com/actions/T0/1/y")
    assert success.compliance_at("Slack", load_of([], [met, answer]), notice=0.25).share == 100
    another = exchange("slack", began=101.5)
    assert success.compliance_at("Slack", load_of([], [met, answer, another]), notice=0.25).share < 100


@pytest.mark.parametrize(
    ("reason", "method", "path", "share"),
    [
        ("jira-burst-based", "POST", "/issue/HOMELAB-2/comment", 50),
        ("jira-burst-based", "GET", "/issue/HOMELAB-2/comment", 100),
        ("jira-burst-based", "POST", "/issue", 100),
        ("jira-quota-tenant-based", "POST", "/issue", 50),
        ("", "POST", "/issue", 50),
    ],
)
def test_a_burst_at_jira_is_one_of_an_endpoint_and_method(reason: str, method: str, path: str, share: float) -> None:
    met = limited("jira", 100.0, 2)
    headers = (*met.response_headers, ("ratelimit-reason", reason))
    met = replace(met, url=f"{JIRA_URL}/issue/HOMELAB-1/comment", response_headers=headers)
    call = exchange("jira", method=method, url=f"{JIRA_URL}{path}", began=101.5)
    assert success.compliance_at("Jira", load_of([], [met, call]), notice=0.25).share == share


def test_a_limit_that_nobody_met_is_no_compliance() -> None:
    with pytest.raises(BedNotReady, match="Jira's rate limit, but of its 1 calls none did"):
        success.compliance_at("Jira", load_of([], [exchange("jira")]), 0.25)


# -- M5


def test_every_answered_call_has_to_be_authenticated() -> None:
    good = success.credentials_at("Linear", [exchange(), exchange(status=None)])
    bad = success.credentials_at("Jira", [exchange("jira", status=401)])
    assert (good.count, good.share) == (1, 100)
    success.all_authenticated([good], 100)
    refused(lambda: success.all_authenticated([good, bad], 100), "by Jira", "1 of 1", "answered 401")
    none = success.credentials_at("Slack", [])
    refused(lambda: success.all_authenticated([none], 100), "by Slack", "there is none")


API = "the Kubernetes API"


def authenticated(journal: Journal, calls: Sequence[Exchange] = ()) -> None:
    """The claim, of a load with these calls, in a run with what is in the journal."""
    incident = Incident(journal, Signals(), broker=None)  # type: ignore[arg-type]
    success.SuccessMetrics(incident, profiles.load("reference")).authenticated(load_of([], calls), [API])


def watch(journal: Journal, status: int | None, callee: str = "kubernetes") -> Flight:
    """A watch of agent-sre's that lasts."""
    flight = journal.begin(
        caller="agent-sre", callee=callee, method="GET", url="https://k.test/lambdafunctions?watch=true", headers=()
    )
    flight.status = status
    return flight


def test_of_who_made_no_call_during_the_load_the_calls_of_the_run_count(journal: Journal) -> None:
    refused(lambda: authenticated(journal), "by the Kubernetes API", "there is none")
    watch(journal, None)
    watch(journal, 200, "loki")
    exchange("kubernetes", journal, status=401, fault="answers 401")
    refused(lambda: authenticated(journal), "there is none")
    watch(journal, 200)
    authenticated(journal)
    exchange("kubernetes", journal, method="GET", status=403)
    refused(lambda: authenticated(journal), "1 of 2", "answered 403")


def test_of_who_made_a_call_during_the_load_no_other_counts(journal: Journal) -> None:
    taken, rejected = exchange("kubernetes"), exchange("kubernetes", status=401)
    exchange("kubernetes", journal, status=403)
    authenticated(journal, [taken])
    watch(journal, 200)
    refused(lambda: authenticated(journal, [rejected]), "1 of 1", "answered 401")
    refused(lambda: authenticated(journal, [exchange("kubernetes", status=None)]), "there is none")


# -- whether a measure can be believed


def kept(late: float) -> Keeping:
    arrivals = [
        Arrival(due=number / 10, began=number / 10 + late, ended=number / 10, error=None) for number in range(20)
    ]
    return Keeping.of(arrivals, 10)


def test_a_load_that_was_not_sent_on_schedule_is_no_measure() -> None:
    traffic.well_sent(kept(0.05), SETTINGS)
    with pytest.raises(BedNotReady, match=r"0\.50 s late .* too busy to measure"):
        traffic.well_sent(kept(0.5), SETTINGS)


def test_a_load_that_the_suite_cannot_carry_is_no_measure() -> None:
    calls = [exchange() for _ in range(100)]
    traffic.well_carried(load_of([], calls, capacity=10))
    with pytest.raises(BedNotReady, match=r"10 calls a second .* can carry 9: .* too slow to measure"):
        traffic.well_carried(load_of([], calls, capacity=9))


def miss() -> None:
    raise AssertionError("Expected it in time, but it was not.")


def test_when_the_suite_is_not_faster_by_far_nothing_is_held_against_the_agent() -> None:
    calls = [exchange() for _ in range(100)]
    fast, slow = (load_of([], calls, capacity=capacity) for capacity in (20, 19))
    with pytest.raises(AssertionError, match="in time"), traffic.if_well_measured(fast, SETTINGS):
        miss()
    with pytest.raises(BedNotReady, match=r"carry 19, less than 2 times"), traffic.if_well_measured(slow, SETTINGS):
        miss()
    busy = load_of([], calls, machine=Share(60, 5))
    with pytest.raises(BedNotReady, match=r"in time.*60 %"), traffic.if_well_measured(busy, SETTINGS):
        miss()
    with traffic.if_well_measured(slow, SETTINGS):
        pass


def test_what_a_double_could_not_answer_is_not_held_against_the_agent() -> None:
    answer = f"{NOT_COVERED}the query's unwrap.".encode()
    unknown = exchange("loki", method="GET", status=501, response_body=answer)
    theirs, others = (load_of([], [one]) for one in (unknown, replace(unknown, caller="suite")))
    told = r"in time.* But the suite's double of loki does not cover the query's unwrap"
    with pytest.raises(BedNotReady, match=told), traffic.if_well_measured(theirs, SETTINGS):
        miss()
    with traffic.if_well_measured(theirs, SETTINGS):
        pass
    with pytest.raises(AssertionError, match="in time"), traffic.if_well_measured(others, SETTINGS):
        miss()


def test_on_a_busy_machine_nothing_is_held_against_the_agent() -> None:
    for machine in (ALONE, Share(others=24, idle=0), Share(others=40, idle=50)):
        with pytest.raises(AssertionError, match="in time"), traffic.if_undisturbed(machine, SETTINGS):
            miss()
    with pytest.raises(BedNotReady, match=r"in time.*60 %"), traffic.if_undisturbed(Share(60, 5), SETTINGS):
        miss()
    with traffic.if_undisturbed(Share(60, 5), SETTINGS):
        pass


def test_the_evidence_tells_how_the_load_was_carried() -> None:
    told = load_of([], [exchange() for _ in range(100)], keeping=kept(0.05), machine=Share(12, 60)).harness
    for word in (
        "10 a second asked for",
        "P99 50",
        "100 calls came of them, 10 a second",
        "1000 a second",
        "12 %",
        "60 % idle",
    ):
        assert word in told


@pytest.mark.parametrize(
    ("value", "comparison", "target", "passed"),
    [(99, ">", 99, False), (99.1, ">", 99, True), (100, ">=", 100, True), (2, "<", 2, False), (1.9, "<", 2, True)],
)
def test_a_measurement_keeps_to_its_target_or_not(value: float, comparison: Any, target: float, passed: bool) -> None:
    one = Measurement("M1", LINEAR, value, "%", comparison, target, 200)
    assert one.passed is passed
    assert one.title == "Integration Success Rate"
    assert LINEAR in table([one])


def test_the_alerts_of_a_load_are_told_apart_by_everything_that_systems_know() -> None:
    alerts = [traffic.alert_known_everywhere(number) for number in range(20)]
    unique: list[Callable[[Alert], str]] = [
        lambda one: one.mark,
        lambda one: one.labels["service"],
        lambda one: one.source,
    ]
    for fact in unique:
        assert len({fact(alert) for alert in alerts}) == 20


@pytest.mark.parametrize(("asked", "is_effect"), [(CREATE, True), (CREATE_SEVERAL, True), ("{}", False)])
def test_the_effect_in_linear_is_an_opened_issue_however_it_is_opened(asked: str, is_effect: bool) -> None:
    journal, alert = Journal(), make_alert()
    mark = alert.mark.encode()
    exchange("agent-sre", caller="broker", journal=journal, began=100.0, ended=100.1, request_body=mark)
    opened(alert, journal=journal, at=101.0, request_body=asked.encode(), url=f"{LINEAR_URL}?{alert.mark}")
    answer = b'{"id": "10042", "key": "HOMELAB-7"}'
    jira = {"url": f"{JIRA_URL}/issue", "status": 201, "response_body": answer, "request_body": mark}
    exchange("jira", journal=journal, began=101.0, ended=102.0, **jira)
    exchange("functions", journal=journal, began=102.0, ended=103.0, request_body=mark)
    if is_effect:
        measured = measures.of_each_integration(journal, [alert])
        assert measured["Linear"] == [pytest.approx(1.0)]
    else:
        refused(lambda: measures.of_each_integration(journal, [alert]), "effect", "linear")
