"""The audit: what it says against a call and against a passage, and that it says nothing against good ones."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reports.verdict import Status
from steps.incident import audit, leaks, transport
from steps.incident.audit import Audit
from steps.incident.leaks import Passage
from steps.incident.trust import unheeded
from steps.world import hosts
from steps.world.journal import Exchange, Journal
from steps.world.planted import Planted
from tests.copies import ROOT, run_suite
from tests.test_claims import refused

KEY = "lin_api_0123456789abcdef"


def call(url: str = "https://api.linear.app/graphql", **said: Any) -> Exchange:
    """A good call of agent-sre, changed as the test wants it."""
    usual: dict[str, Any] = {
        "caller": "agent-sre",
        "callee": "linear",
        "method": "POST",
        "url": url,
        "status": 200,
        "tls": "TLSv1.3" if url.startswith("https") else None,
    }
    return Journal().record(**usual | said)


# -- how calls are protected


@pytest.mark.parametrize(
    "url",
    [
        "http://prometheus.prometheus.svc.cluster.local:9090/api/v1/query",
        "http://trm-reasoning.ml-platform.svc:8080/reason",
        "http://127.0.0.1:4318/v1/traces",
        "http://localhost/",
        "http://[::1]:80/",
        "https://api.linear.app/graphql",
    ],
)
def test_calls_within_the_cluster_may_be_plain_and_others_are_encrypted(url: str) -> None:
    assert transport.weakness(call(url)) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"url": "http://api.linear.app/graphql"}, "unencrypted"),
        ({"url": "http://10.0.0.7/"}, "unencrypted"),
        ({"url": "http://svc.cluster.local.evil.example.com/"}, "unencrypted"),
        ({"tls": "TLSv1.1"}, "with the outdated TLSv1.1"),
        ({"fault": "wrong certificate"}, "although it could not be trusted (wrong certificate)"),
        ({"fault": "expired certificate"}, "although it could not be trusted (expired certificate)"),
        (
            {"tls": None, "status": None, "error": "They have no version of TLS in common (UNSUPPORTED_PROTOCOL)."},
            "with no version of TLS from 1.2 on",
        ),
    ],
)
def test_calls_that_leave_it_otherwise_are_found(said: dict[str, Any], words: str) -> None:
    assert transport.weakness(call(**said)) == words


def test_a_call_that_was_not_made_because_of_the_certificate_is_none() -> None:
    tried = call(tls=None, status=None, method="CONNECT", fault="wrong certificate", error="It was not accepted.")
    seen = transport.judged([tried, call()])
    assert (seen.unprotected, seen.undeclared) == ([], [])
    assert (seen.distrusted, seen.encrypted) == ({"api.linear.app": 1}, {"api.linear.app": 1})
    unheeded("Linear", [tried])


def test_a_call_in_spite_of_the_certificate_is_named() -> None:
    made = call(fault="certificate of another host")
    refused(lambda: unheeded("Linear", [made, made]), "Linear", "2 calls", "/graphql", "certificate of another host")


def test_calls_are_counted_and_sentences_say_who_called_whom_and_how_often() -> None:
    plain = call("http://api.linear.app/graphql?token=x")
    strange = call("https://collector.example.com/", callee="undeclared", status=502)
    seen = transport.judged([call(), plain, plain, strange])
    assert seen.calls == {"linear": 3, "undeclared": 1}
    assert seen.unprotected == [
        "agent-sre called api.linear.app unencrypted, 2 times, first by POST http://api.linear.app/graphql"
    ]
    assert seen.undeclared == [
        "agent-sre called collector.example.com, which nobody declared: POST https://collector.example.com/"
    ]


# -- where credentials are


def planted() -> Planted:
    one = Planted()
    one.add(KEY, "linear_api_key")
    return one


def search(*passages: Passage) -> leaks.Search:
    return leaks.search(passages, planted())


def test_a_key_in_its_own_header_is_at_home_and_in_any_other_place_a_leak() -> None:
    good = call(request_headers=(("authorization", KEY),), request_body=b"{}")
    found = search(*leaks.of_requests([good]))
    assert (found.at_home, found.leaks) == ({"linear_api_key": 1}, {})
    for bad, place, words in (
        (call(f"https://api.linear.app/graphql?key={KEY}"), "tickets and comments", "the address"),
        (call(request_headers=(("x-api-key", KEY),)), "tickets and comments", "the header of"),
        (call(request_body=json.dumps({"description": KEY}).encode()), "tickets and comments", "the body of"),
        (
            call("https://hooks.slack.com/services/x", callee="slack", request_headers=(("authorization", KEY),)),
            "messages and requests for approval",
            "the Authorization header of agent-sre's request",
        ),
        (call("https://other.example.com/", callee="undeclared", request_body=KEY.encode()), "calls to others", "body"),
    ):
        ((seen, (sentence,)),) = search(*leaks.of_requests([bad])).leaks.items()
        assert seen == place
        assert words in sentence and "the linear api key, as it is" in sentence and KEY not in sentence


def test_oauth_secrets_are_at_home_where_tokens_are_renewed_and_nowhere_else() -> None:
    one = Planted()
    one.add("lin_refresh_0123456789", "linear_refresh_token")
    body = b"grant_type=refresh_token&refresh_token=lin_refresh_0123456789"
    renewal = call("https://api.linear.app/oauth/token", request_body=body)
    ticket = call(request_body=body)
    assert leaks.search(leaks.of_requests([renewal]), one).leaks == {}
    assert "tickets and comments" in leaks.search(leaks.of_requests([ticket]), one).leaks


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (KEY, "as it is"),
        (base64.b64encode(f"a:{KEY}".encode()).decode(), "in base64"),
        (KEY.encode().hex(), "in hexadecimal"),
        (f"{KEY[:10]}\\n{KEY[10:]}", "broken into pieces"),
        ("\n    ".join([KEY[:7], KEY[7:]]), "broken into pieces"),
    ],
)
def test_a_leak_in_a_log_is_told_with_its_line_but_not_with_the_key(text: str, form: str) -> None:
    log = f'{{"event": "one"}}\n{{"event": "two"}}\n{{"event": "using {text}"}}\n'
    found = search(*leaks.of_logs({"agent-sre": log}))
    assert found.searched["logs"] >= 3
    ((place, (sentence,)),) = found.leaks.items()
    assert (place, KEY in sentence) == ("logs", False)
    assert form in sentence and "agent-sre's log" in sentence
    if form != "broken into pieces":
        assert sentence.startswith("line 3 of agent-sre's log") and "«linear_api_key»" in sentence


def test_a_key_that_is_split_over_header_fields_is_found() -> None:
    made = call(request_headers=(("x-one", KEY[:12]), ("x-two", KEY[12:])))
    ((_, (sentence,)),) = search(*leaks.of_requests([made])).leaks.items()
    assert "the header of agent-sre's request" in sentence and "broken into pieces" in sentence


def test_answers_metrics_and_exports_are_searched() -> None:
    answer = call("http://agent-sre/", caller="broker", callee="agent-sre", status=500, response_body=KEY.encode())
    metrics = call(
        "http://agent-sre/metrics", caller="suite", callee="agent-sre", response_body=f'x{{k="{KEY}"}} 1'.encode()
    )
    found = search(*leaks.of_answers([answer, metrics]), *leaks.of_exports([("spans", b"\x0a" + KEY.encode())]))
    assert {place: len(sentences) for place, sentences in found.leaks.items()} == {
        "answers": 1,
        "metrics": 1,
        "spans": 1,
    }
    assert "agent-sre's answer" in found.leaks["answers"][0] and "(500)" in found.leaks["answers"][0]


# -- the audit of a world, and of a run


def audited(journal: Journal, log: str = "started\n") -> Audit:
    def answer(request: httpx.Request) -> httpx.Response:
        journal.record(
            caller="suite", callee="agent-sre", method="GET", url=str(request.url), status=200, response_body=b"up 1\n"
        )
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        return audit.audit(journal, {"agent-sre": log}, [("spans", b"span")], client)


def good_journal() -> Journal:
    journal = Journal()
    journal.plant(KEY, "linear_api_key")
    for host in hosts.EXTERNAL.values():
        journal.record(
            caller="agent-sre",
            callee="linear",
            method="POST",
            url=f"https://{host}/",
            request_headers=(("authorization", KEY),) if host == hosts.LINEAR else (),
            status=200,
            tls="TLSv1.3",
        )
    for callee in audit.INTEGRATIONS.values():
        journal.record(caller="agent-sre", callee=callee, method="POST", url=f"http://{callee}.ai.svc/", status=200)
    return journal


def test_a_good_world_passes_its_audit() -> None:
    seen = audited(good_journal())
    audit.complete(seen)
    audit.protected(seen)
    audit.declared(seen)
    for place in ("logs", "spans", "metrics", "tickets and comments", "calls of functions", "queries"):
        audit.clean(seen, place)
    assert (seen.credentials, seen.at_home) == (("linear_api_key",), {"linear_api_key": 1})
    shown = audit.shown_calls(seen) + audit.shown_credentials(seen) + audit.shown_places(seen)
    assert "linear_api_key" in shown and KEY not in shown


def test_an_integration_that_nobody_called_is_named() -> None:
    refused(lambda: audit.complete(audited(Journal())), "Linear", "the TRM model")
    refused(lambda: audit.protected(audited(Journal())), "encrypted calls", "PagerDuty")


def test_what_was_not_seen_at_home_and_what_there_is_nothing_of_is_no_proof() -> None:
    refused(lambda: audit.at_home(audited(good_journal())), "slack webhook url")
    refused(lambda: audit.clean(audited(good_journal()), "events of another world"), "there are none")


def test_findings_are_told_without_a_credential() -> None:
    journal = good_journal()
    journal.record(caller="agent-sre", callee="linear", method="POST", url=f"http://api.linear.app/{KEY}", status=200)
    journal.record(
        caller="agent-sre", callee="undeclared", method="GET", url="https://evil.example.com/", tls="TLSv1.3"
    )
    seen = audited(journal, log=f"the key is {KEY}\nand again {KEY}\n")
    assert KEY not in seen.model_dump_json()
    refused(lambda: audit.protected(seen), "agent-sre called api.linear.app unencrypted", "«linear_api_key»")
    refused(lambda: audit.declared(seen), "evil.example.com")
    refused(lambda: audit.clean(seen, "logs"), "line 1 of agent-sre's log", "the key is «linear_api_key»; and 1 more")


def test_the_audits_of_all_worlds_are_one(tmp_path: Path) -> None:
    own, other = good_journal(), good_journal()
    other.record(caller="agent-sre", callee="undeclared", method="GET", url="https://evil.example.com/", tls="TLSv1.3")
    audited(other, log=f"{KEY}\n").write(tmp_path / audit.PLACE / "2.json")
    whole = audited(own).with_others(tmp_path / audit.PLACE)
    assert whole.calls["linear"] == 2 * audited(own).calls["linear"]
    assert whole.credentials == ("linear_api_key",)
    refused(lambda: audit.declared(whole), "evil.example.com")
    refused(lambda: audit.clean(whole, "logs"), "line 1")
    alone = audited(own)
    assert alone.with_others(tmp_path / "nowhere") == alone


# -- the audit of a run that workers share

LEAKY = Path("steps") / "reference" / "agent" / "app.py"
BEFORE_LEAK = "        logs.bind(alertname=alert.alertname)\n"
LEAK = """\
        if alert.labels.get("severity") == "CRITICAL":
            print("using", __import__("pathlib").Path(__import__("os").environ["LINEAR_API_KEY_FILE"]).read_text())
"""


def test_a_leak_in_the_world_of_one_worker_is_a_leak_of_the_run(tmp_path: Path) -> None:
    """One scenario, and so one worker, has an alert of that severity; either may be who then judges the whole run."""
    source = (ROOT / LEAKY).read_text(encoding="utf-8")
    assert source.count(BEFORE_LEAK) == 1
    changes = {LEAKY: source.replace(BEFORE_LEAK, BEFORE_LEAK + LEAK)}
    ran = run_suite(tmp_path / "suite", "-j", "2", "--tags", "@AC3.3 or @AC4.4 or @AC4.5 or @SEC5", changes=changes)
    assert ran.item("AC3.3").status is ran.item("AC4.4").status is ran.item("AC4.5").status is Status.PASSED
    assert ran.item("SEC5").status is Status.FAILED
    assert "agent-sre's log shows the linear api key, as it is: using «linear_api_key»" in (ran.item("SEC5").note or "")
    left = (tmp_path / "suite" / "reports" / "latest" / audit.PLACE).glob("*.json")
    found = {file.stem: Audit.model_validate_json(file.read_bytes()).leaks for file in left}
    assert sorted(map(bool, found.values())) == [False, True]
