"""Each claim about keys, tokens, floods and hostile alerts: good observations pass, bad ones are named."""

from __future__ import annotations

import base64
import json
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest

from steps.drivers.doors import Answer
from steps.incident import flood, hostile, robustness, rotation
from steps.incident.bad_input import Case
from steps.incident.hostile import CONTENTS, Hostile, saying
from steps.incident.rotation import Exchanged, Token
from steps.incident.waiting import BedNotReady
from steps.targets.profile import load
from steps.world.journal import Exchange, Journal
from steps.world.processes.usage import Share
from tests.test_claims import refused

# -- keys that are exchanged

DONE = Exchanged("Linear", "old-key", "new-key", began=90.0, placed=100.0)
LIMIT = 30.0


def test_a_call_carries_its_key_alone_as_a_token_or_as_a_password() -> None:
    in_base64 = base64.b64encode(b"agent-sre@example.com:new-key").decode()
    for authorization in ("new-key", "Bearer new-key", f"Basic {in_base64}", f"basic {in_base64}"):
        assert rotation.carried(linear(authorization, 1)) == "new-key"
    for other in (None, "Basic new-key", "Bearer old-key"):
        assert rotation.carried(linear(other, 1)) != "new-key"


def linear(authorization: str | None, began: float, status: int = 200, **said: Any) -> Exchange:
    """A call to Linear at that time."""
    headers = (("authorization", authorization),) if authorization else ()
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "linear",
        "method": "POST",
        "url": "https://api.linear.app/graphql",
    }
    return Journal().record(request_headers=headers, began=began, ended=began + 0.1, status=status, **usual | said)


def test_a_new_key_that_is_used_in_time_and_alone_passes() -> None:
    made = [linear("old-key", 95), linear("old-key", 105), linear("new-key", 110), linear("new-key", 131)]
    rotation.in_use(DONE, made, LIMIT)
    rotation.no_more(DONE, made[3:])
    assert "the one before" in rotation.shown(DONE, made) and "old-key" not in rotation.shown(DONE, made)


def test_a_new_key_that_is_used_late_or_never_is_told_with_its_time() -> None:
    late = [linear("old-key", 105), linear("new-key", 133.5)]
    refused(lambda: rotation.in_use(DONE, late, LIMIT), "within 30 s", "after 33.5 s")
    refused(lambda: rotation.in_use(DONE, late[:1], LIMIT), "none of its 1 calls")


def test_an_old_key_that_is_still_used_is_told_with_its_time() -> None:
    made = [linear("new-key", 131), linear("old-key", 132), linear("new-key", 133)]
    refused(lambda: rotation.no_more(DONE, made), "1 of 3 calls", "32.0 s after")
    refused(lambda: rotation.no_more(DONE, []), "it never did")


# -- tokens that expire


def renewal(began: float, status: int = 200, **answer: str) -> Exchange:
    body = json.dumps(answer or {"access_token": "a"}).encode()
    return linear(None, began, status, url="https://api.linear.app/oauth/token", response_body=body)


def test_a_token_for_each_lifetime_passes() -> None:
    rotation.by_oauth([linear("Bearer lin_oauth_1", 1)])
    rotation.renewed([renewal(0), renewal(9.5), renewal(19)], 10, 40)
    first = Token("1", 0.1, (linear("Bearer 1", 1), linear("Bearer 1", 9.7)))
    rotation.none_stale([first, Token("2", 9.6, (linear("Bearer 2", 9.8),))], 10)
    rotation.none_stale([Token("1", 0, (linear("Bearer 1", 10.2, 401),)), Token("2", 10.3, ())], 10)
    made_ready_before = linear("Bearer 1", 10.6, 401)
    rotation.none_stale([Token("1", 0, (made_ready_before,)), Token("2", 9.6, ())], 10)


def test_a_personal_key_is_no_token() -> None:
    refused(lambda: rotation.by_oauth([linear("lin_api_1", 1), linear("Bearer lin_oauth_1", 1)]), "1 of its 2 calls")
    refused(lambda: rotation.by_oauth([linear(None, 1)]), "carry nothing")
    refused(lambda: rotation.by_oauth([]), "did not call it")


def test_a_token_for_each_call_is_told() -> None:
    asked = [renewal(0), renewal(0.2), renewal(0.5), renewal(9)]
    refused(lambda: rotation.renewed(asked, 10, 4), "for 4 calls it renewed it 4 times", "0.10 s after")


def test_a_renewal_that_is_refused_is_told() -> None:
    asked = [renewal(0), renewal(9.5), renewal(9.6, 400, error="invalid_grant")]
    refused(lambda: rotation.renewed(asked, 10, 40), "1 of 3", "400 invalid_grant")


def test_an_expired_token_that_is_used_although_there_is_another_is_told() -> None:
    tokens = [Token("1", 0, (linear("Bearer 1", 1), linear("Bearer 1", 16, 401))), Token("2", 9.6, ())]
    refused(lambda: rotation.none_stale(tokens, 10), "1 calls", "6.0 s after that had expired")


# -- floods


def event(status: int | None, **said: Any) -> Exchange:
    return Journal().record(
        caller="flood", callee="agent-sre", method="POST", url="http://agent-sre/", status=status, **said
    )


def away(retry_after: str | None = "1") -> Exchange:
    return event(429, response_headers=(("retry-after", retry_after),) if retry_after else ())


@pytest.mark.parametrize("retry_after", ["1", "120", "Fri, 31 Dec 2027 23:59:59 GMT"])
def test_a_flood_that_is_turned_away_in_part_passes(retry_after: str) -> None:
    flood.limited([event(202), event(200), away(retry_after)])


def test_what_came_too_slowly_and_was_taken_whole_is_no_flood() -> None:
    flood.a_flood([event(202)], reached=150, rate=150)
    flood.a_flood([event(202), away()], reached=90, rate=150)
    with pytest.raises(BedNotReady, match="Only 90 events a second could be sent, and 150 are a flood"):
        flood.a_flood([event(202)], reached=90, rate=150)


def test_a_flood_that_is_not_turned_away_well_is_told() -> None:
    refused(lambda: flood.limited([event(202)] * 3), "of 3 events it took 3")
    refused(lambda: flood.limited([event(202), away(), away(None)]), "1 of 2 do not")
    refused(lambda: flood.limited([event(202), away("soon")]), "1 of 1 do not")
    refused(lambda: flood.limited([away(), event(503), event(None)]), "2 of 3 events", "503")
    for status in (302, 403, 404):
        refused(lambda status=status: flood.limited([event(202), away(), event(status)]), "1 of 3 events", f"{status}")


def look(status: int | None, took: float = 0.1) -> Exchange:
    return event(status, began=10.0, ended=10.0 + took)


@pytest.mark.parametrize(("machine", "held_against"), [(None, True), (Share(20, 5), True), (Share(60, 5), False)])
def test_what_is_missed_in_a_flood_is_held_against_nobody_whom_others_disturb(
    machine: Share | None, held_against: bool
) -> None:
    claims = flood.Flood(None, None, load("reference"), None, None, None)  # type: ignore[arg-type]
    claims._machine = machine and Mock(worst=lambda: machine)
    with (
        pytest.raises(AssertionError if held_against else BedNotReady, match="2 are lost"),
        claims.if_undisturbed(),
    ):
        raise AssertionError("2 are lost.")
    with claims.if_undisturbed():
        pass


def test_health_during_a_flood() -> None:
    flood.healthy([look(200)] * 3, 5)
    refused(lambda: flood.healthy([], 5), "there was none")
    refused(lambda: flood.healthy([look(200), look(None)], 5), "1 of 2 looks", "not at all")
    refused(lambda: flood.healthy([look(200), look(200, 6.5)], 5), "within 5 s", "6.5 s")


# -- bad input


def test_what_has_to_be_refused_and_what_only_survived() -> None:
    refusal, survived = Case("no JSON", b"{"), Case("odd", b"{}", fate="survived")
    for status in (400, 401, 404, 413, 415, 422, 429):
        assert robustness.wrong_with(refusal, Answer(status, ""), 5) is None
    for status in (200, 202, 400):
        assert robustness.wrong_with(survived, Answer(status, ""), 5) is None
    assert robustness.wrong_with(refusal, Answer(202, ""), 5) == "it was answered 202"
    assert robustness.wrong_with(survived, Answer(500, ""), 5) == "it was answered 500"
    assert robustness.wrong_with(survived, Answer(None, "No whole answer."), 5) == "it was not answered within 5 s"
    assert robustness.wrong_with(Case("odd", method="PATCH", fate="survived"), Answer(501, ""), 5) is None
    assert robustness.wrong_with(survived, Answer(501, ""), 5) == "it was answered 501"
    closed = Answer(None, "It was reset.", hung_up=True)
    assert robustness.wrong_with(refusal, closed, 5) == "the connection was closed (It was reset)"
    assert robustness.wrong_with(Case("huge", b"x" * 1_000_000), closed, 5) is None
    assert "file" in (robustness.wrong_with(survived, Answer(200, "root:x:0:0:root"), 5) or "")


def test_a_case_is_told_in_a_few_words_and_written_whole() -> None:
    case = Case("labels that are no object", b'{"labels": 1}', "1", (("content-type", b"application/json"),))
    assert robustness.told(case) == (
        "labels that are no object (1), POST …/ as application/json with the body '{\"labels\": 1}'"
    )
    assert robustness.told(Case("huge", b"x" * 5000)) == "huge, POST …/ as no content type with the body of 5000 bytes"
    assert robustness.written(case).endswith('{"labels": 1}')


# -- hostile alerts


def said(one: Hostile, callee: str = "linear", url: str = "https://api.linear.app/graphql", **more: Any) -> Exchange:
    usual: dict[str, Any] = {"caller": "agent-sre", "method": "POST", "request_body": one.alert.mark.encode()}
    return Journal().record(callee=callee, url=url, **usual | more)


@pytest.mark.parametrize("content", CONTENTS)
def test_each_hostile_alert_says_something_of_its_own(content: str) -> None:
    one, other = saying(content, "key"), saying(content, "key")
    texts = json.dumps([one.alert.labels, one.alert.annotations])
    assert one.alert.mark != other.alert.mark and "HOST" not in texts and "SUM" not in texts
    assert one.result not in texts
    hostile.carried_out(one, [said(one), said(one, "slack", "https://hooks.slack.com/services/x")])


def test_what_is_carried_out_is_told() -> None:
    one = saying("templates", "key")
    for made, words in (
        (said(one, "undeclared", f"http://{one.alert.mark}.evil.example.com/"), "evil.example.com"),
        (said(one, "functions", "http://pod-restart.ai.svc.cluster.local/"), "agent-sre called pod-restart"),
        (said(one, request_headers=(("x-injected", "1"),)), "a header of a call to linear"),
        (said(one, request_body=f"{one.alert.mark} {one.result}".encode()), "calculated in a call to linear"),
    ):
        refused(lambda made=made: hostile.carried_out(one, [said(one), made]), "templates", words)


PLACE = "https://kubernetes.default.svc/apis/lambda.knative.io/v1alpha1/namespaces/ai/lambdafunctions/"
SECRETS = "https://kubernetes.default.svc/api/v1/namespaces/ai/secrets/"


def test_a_name_in_an_alert_leads_to_no_other_place_of_the_kubernetes_api() -> None:
    one = saying("a path for a function", "key")
    name = one.alert.annotations["lambda_function"]
    for url in (PLACE + quote(name, safe=""), f"{PLACE}?fieldSelector=metadata.name={name}", f"{SECRETS}agent-sre"):
        hostile.carried_out(one, [said(one), said(one, "kubernetes", url, method="GET")])
    for url in (PLACE + name, SECRETS + name.rpartition("/")[2]):
        made = said(one, "kubernetes", url, method="GET")
        words = "agent-sre asked the Kubernetes API for /api/v1/namespaces/ai/secrets/"
        refused(lambda made=made: hostile.carried_out(one, [said(one), made]), "a path for a function", words)


def asked(one: Hostile, callee: str, path: str, **more: Any) -> Exchange:
    """A question of agent-sre's about the alert, in a query language."""
    url = f"http://{callee}.test{path}?query={one.alert.mark}"
    return said(one, callee, url, **{"method": "GET", "status": 200} | more)


@pytest.mark.parametrize(
    ("callee", "path"),
    [
        ("prometheus", "/api/v1/query"),
        ("loki", "/loki/api/v1/query_range"),
        ("tempo", "/api/search"),
        ("jira", "/rest/api/3/search/jql"),
    ],
)
def test_what_an_alert_says_neither_ends_a_query_nor_is_calculated_in_it(callee: str, path: str) -> None:
    one = saying("a query for an SLO", "key")
    nothing_found = asked(one, callee, path, response_body=b'{"data": {"result": []}}')
    hostile.carried_out(one, [nothing_found, asked(one, callee, "/ready", status=400)])
    for made, words in (
        (asked(one, callee, path, status=400, response_body=b"parse error"), f"{callee} answered 400, parse error"),
        (asked(one, callee, path, response_body=one.result.encode()), f"calculated in a call to {callee}"),
    ):
        refused(lambda made=made: hostile.carried_out(one, [nothing_found, made]), "a query for an SLO", words)


def judged(lost: Exchange, *answers: Answer) -> hostile.Hostility:
    """Claims about a run with that one call, whose question the suite gets these answers to."""
    doors = Mock(ask=Mock(side_effect=answers))
    waiting = Mock(limits=load("reference").limits)
    return hostile.Hostility(lambda: doors, Mock(exchanges=Mock(return_value=[lost])), waiting, Mock(began=0), Mock())


@pytest.mark.parametrize("status", [None, 503])
def test_a_question_without_an_answer_is_asked_again_to_judge_it(status: int | None) -> None:
    one = saying("a query for an SLO", "key")
    lost = asked(one, "prometheus", "/api/v1/query", status=status)
    judged(lost, Answer(200, "[]")).not_carried_out([one])
    judged(asked(one, "linear", "/graphql", status=status)).not_carried_out([one])
    refused(lambda: judged(lost, Answer(200, one.result)).not_carried_out([one]), "calculated in a call to prometheus")
    refused(lambda: judged(lost, Answer(400, "parse error")).not_carried_out([one]), "prometheus answered 400")
    with pytest.raises(BedNotReady, match="prometheus does not answer what agent-sre asks it: http://prometheus"):
        judged(lost, Answer(status, "")).not_carried_out([one])
