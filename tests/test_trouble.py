"""Faults meet what they are about, and nobody else: neither other calls of the agent nor the suite's own look."""

from __future__ import annotations

import base64
import json
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from steps.incident.alert import Alert, make_alert
from steps.incident.events import FIRED, Happening, event_about
from steps.incident.outages import ACTED_ON, READ_FROM, system_of
from steps.world import trouble
from steps.world.cluster.cloudevent import Mode, encode
from steps.world.gateway.faults import CallFault
from steps.world.gateway.messages import Request
from steps.world.journal import Headers, Journal
from steps.world.trouble import Trouble

SITE = "https://acceptance.atlassian.net"
TOKEN = "ATATT3x0123456789abcdef"


def request(
    path: str = "/rest/api/3/issue",
    method: str = "POST",
    caller: str = "agent-sre",
    headers: Headers = (),
    body: bytes = b"{}",
) -> Request:
    return Request(caller, method, f"{SITE}{path}", headers, body)


def test_only_the_agents_opening_of_an_issue_in_jira_is_one() -> None:
    for path in ("/rest/api/3/issue", "/rest/api/3/issue/", "/rest/api/3/issue?updateHistory=true"):
        assert trouble._opens_jira_issue(request(path))
    others = [request("/rest/api/3/issue/HOMELAB-1/comment"), request("/rest/api/3/issueLink"), request(method="GET")]
    assert not any(map(trouble._opens_jira_issue, [*others, request(caller="suite")]))


@pytest.mark.parametrize(
    ("credential", "carried"),
    [
        (f"agent-sre@example.com:{TOKEN}", True),
        ("agent-sre@example.com:another", False),
        (TOKEN, False),
    ],
)
def test_a_token_is_told_from_another_that_is_carried_the_same_way(credential: str, carried: bool) -> None:
    encoded = base64.b64encode(credential.encode()).decode()
    assert trouble._carries(request(headers=(("authorization", f"Basic {encoded}"),)), TOKEN) is carried
    assert not trouble._carries(request(headers=(("authorization", f"Bearer {TOKEN}"),)), TOKEN)
    assert not trouble._carries(request(headers=(("authorization", "Basic é"),)), TOKEN)
    assert not trouble._carries(request(), TOKEN)


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_the_broker_fails_the_events_of_one_alert_that_are_of_one_type(mode: Mode) -> None:
    def offered(alert: Alert, happening: Happening) -> Request:
        message = encode(event_about(alert, happening, "1"), mode)
        return request("/", caller="prometheus-events", headers=message.headers, body=message.body)

    injected: list[CallFault] = []
    gateway = SimpleNamespace(inject=lambda host, fault: injected.append(fault) or nullcontext())
    troubled = Trouble(Journal(), gateway, None, None, None, None, None)  # type: ignore[arg-type]
    alert = make_alert()
    troubled.at_broker("answers that it is unavailable", alert.mark, FIRED)
    troubled.at_broker("answers that it is unavailable", alert.mark)
    troubled.at_broker("answers that it is unavailable")
    no_event = request("/", caller="prometheus-events", body=alert.mark.encode())
    asked = (offered(alert, "fired"), offered(alert, "resolved"), no_event, offered(make_alert(), "fired"))
    met = [[meets(fault, one) for one in asked] for fault in injected]
    assert met == [[True, False, False, False], [True, True, True, False], [True, True, True, True]]


def test_what_jira_has_against_an_issue_is_more_than_a_log_cut_short_would_show() -> None:
    body = trouble.AT_JIRA["refuses it for its fields"](matching=None).body  # type: ignore[attr-defined]
    told = json.loads(body)
    assert (told["errorMessages"], told["errors"]) == ([trouble.GENERAL_ERROR], trouble.FIELD_ERRORS)
    assert len(body[: body.index(list(trouble.FIELD_ERRORS)[-1].encode())]) > 300


def test_every_system_that_can_be_down_has_its_host_and_its_effect() -> None:
    functions = {"LambdaFunctions"}
    assert {*ACTED_ON, *READ_FROM} - functions <= trouble.HOSTS_OF.keys()
    assert all(system_of(name).hops for name in (*ACTED_ON, *READ_FROM))


OLD = frozenset(("HOMELAB-1", "10012", "BVL-1", "be75853e-25a6-4874-a4a3-2656c603e1ba"))
NEW = b'{"title": "HighLoad_v0123456789ab"}'


def test_a_fault_of_few_calls_is_for_a_new_alert_and_one_until_lifted_for_every_call() -> None:
    jira, linear = SimpleNamespace(names_of_issues=lambda: OLD), SimpleNamespace(names_of_issues=lambda: OLD)
    credentials = SimpleNamespace(suite_linear_key="lin_api_suite")
    injected: list[CallFault] = []
    gateway = SimpleNamespace(inject=lambda host, fault: injected.append(fault) or nullcontext())
    trouble = Trouble(Journal(), gateway, linear, jira, None, None, credentials)  # type: ignore[arg-type]
    older_in_jira = request("/rest/api/3/issue/HOMELAB-1/comment", body=b'{"body": "v0123"}')
    older_in_linear = request(body=b'{"id": "be75853e-25a6-4874-a4a3-2656c603e1ba"}')

    trouble.at_jira("does not answer", times=2)
    assert meets(injected[-1], request(body=NEW))
    assert not meets(injected[-1], older_in_jira)

    trouble.at_linear("does not answer", times=2)
    assert meets(injected[-1], request(body=NEW))
    assert not meets(injected[-1], older_in_linear)
    trouble.at_linear("does not answer")
    assert meets(injected[-1], older_in_linear)

    opens = b'{"query": "mutation {issueCreate(input: {title: \\"%s\\"}) {success}}"}'
    trouble.at_linear_after_opening("drops the connection")
    assert meets(injected[-1], request(body=opens % b"v0123456789ab"))
    assert not meets(injected[-1], request(body=NEW)) and not meets(injected[-1], request(body=opens % b"another"))
    trouble.at_linear_opening("refuses it as invalid")
    for several, met in ((b"issueBatchCreate(input: {issues: []})", True), (b"issueBatchUpdate(ids: [])", False)):
        assert meets(injected[-1], request(body=b'{"query": "mutation {%s {success}}"}' % several)) is met

    trouble.at_jira_after_opening("drops the connection")
    assert meets(injected[-1], request(body=NEW))
    assert not meets(injected[-1], request()) and not meets(injected[-1], request("/rest/api/3/search/jql", body=NEW))

    trouble.begin(frozenset(["v0123456789ab"]))
    trouble.at_jira("does not answer", times=2)
    assert not meets(injected[-1], request(body=NEW))


def meets(fault: CallFault, one: Request) -> bool:
    assert fault.matching
    return fault.matching(one)
