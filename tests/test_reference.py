"""The reference: its rules by themselves, both programs in process against the outside as it is, and as processes."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import trustme
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from graphql import build_schema, parse, validate
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from steps.reference import events
from steps.reference.agent import app as agent_app
from steps.reference.agent import kubernetes, linear, settings
from steps.reference.agent.alert import Alert, derived_id
from steps.reference.agent.functions import Breaker, FunctionError, understood
from steps.reference.agent.markdown import markdown
from steps.reference.agent.remediation import plan
from steps.reference.agent.slm import Violation, violation
from steps.reference.agent.tickets import Section
from steps.reference.calls import Limit, RefusedError, Retries, TransientError, check, make_client, retry_after, send
from steps.reference.doors import RateLimit
from steps.reference.events import CloudEvent, MalformedEventError
from steps.reference.prometheus_events import app as converter_app
from steps.reference.settings import Environment, Secret, SettingsError, redacted
from steps.world.services.linear import Linear, errors, operations
from tests.eventually import eventually

KEY, READER = "lin_api_the-agents-key", "lin_api_the-tests-key"
FIRED, RESOLVED = "io.homelab.prometheus.alert.fired", "io.homelab.prometheus.alert.resolved"
SINK = "http://broker/"


@pytest.fixture(autouse=True, scope="module")
def small_trust_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is called over TLS here, and reading the system's authorities costs every program a moment."""
    file = tmp_path_factory.mktemp("trust") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


# -- rules --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "with_slm", "without"),
    [
        ("critical", [1, 1, 2, 2], 1),
        ("warning", [2, 2, 3, 3], 2),
        ("info", [4, 4, 4, 4], 3),
        ("page", [3, 3, 3, 3], 3),
        ("unknown", [3, 3, 3, 3], 3),
    ],
)
def test_priority_follows_severity_and_violation(severity: str, with_slm: list[int], without: int) -> None:
    levels: list[Violation] = ["critical", "high", "medium", "low"]
    assert [linear.priority(severity, level) for level in levels] == with_slm
    assert linear.priority(severity, None) == without


@pytest.mark.parametrize(
    ("burn_rate", "severity"),
    [
        (0.0501, "critical"),
        (0.05, "high"),
        (0.0101, "high"),
        (0.01, "medium"),
        (0.0011, "medium"),
        (0.001, "low"),
        (0, "low"),
        (-1, "low"),
    ],
)
def test_a_burn_rate_on_a_boundary_is_the_lower_violation(burn_rate: float, severity: str) -> None:
    assert violation(burn_rate) == severity


def test_severity_is_taken_in_lower_case_and_unknown_when_missing() -> None:
    assert alert(labels={"severity": "CRITICAL"}).severity == "critical"
    assert alert(labels={}).severity == "unknown"


def test_every_document_fits_linears_schema() -> None:
    schema = build_schema(Path("steps/world/services/linear/schema.graphql").read_text(encoding="utf-8"))
    documents = [value for value in vars(linear).values() if str(value).startswith(("query ", "mutation "))]
    assert len(documents) > 10
    assert [problem for document in documents for problem in validate(schema, parse(document))] == []


def test_a_derived_id_is_a_uuid_v4_and_the_same_for_the_same_causes() -> None:
    first = derived_id("alert", "2026-01-01T00:00:00Z")
    assert first == derived_id("alert", "2026-01-01T00:00:00Z") != derived_id("alert", "2026-01-02T00:00:00Z")
    assert uuid.UUID(first).version == 4 and uuid.UUID(first).variant == uuid.RFC_4122


@pytest.mark.parametrize(
    "value", ["plain", "a `b` c", "`", "```\nfence\n```", "two\nlines", "<b>*Überlast* 🔥</b>", "x" * 4096, " "]
)
def test_markdown_holds_every_value_whole_and_as_code(value: str) -> None:
    text = markdown([Section("Heading", {"name": value}, value)])
    assert text.count(value) >= 2
    assert text.startswith("## Heading\n\n- **name:** ")


def test_markdown_shows_an_empty_value() -> None:
    assert "- **name:** (empty)" in markdown([Section("Heading", {"name": ""})])


# -- CloudEvents --------------------------------------------------------------------------------------

EVENT = CloudEvent(
    {"id": "1", "source": "prometheus/x", "type": FIRED, "subject": 'Größe "é" 100%', "correlationid": "c"},
    {"labels": {"a": "ü\n"}},
)


@pytest.mark.parametrize("mode", [events.structured, events.binary])
def test_an_event_survives_either_mode_and_the_sdk_reads_it(
    mode: Callable[[CloudEvent], tuple[dict[str, str], bytes]],
) -> None:
    headers, body = mode(EVENT)
    parsed = events.parse(httpx.Headers(headers), body)
    assert parsed.data == EVENT.data and EVENT.attributes.items() <= parsed.attributes.items()
    read = from_http_event(HTTPMessage(headers, body))
    assert (read.get_id(), read.get_type(), read.get_subject()) == ("1", FIRED, 'Größe "é" 100%')
    assert read.get_data() == EVENT.data


def test_data_in_base64_is_understood() -> None:
    envelope = {"specversion": "1.0", "id": "1", "source": "s", "type": "t"}
    envelope["data_base64"] = base64.b64encode(b'{"a": 1}').decode()
    headers = {"content-type": "application/cloudevents+json; charset=UTF-8"}
    assert events.parse(headers, json.dumps(envelope).encode()).data == {"a": 1}


GOOD = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {}}
STRUCTURED = {"content-type": "application/cloudevents+json"}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t"}


@pytest.mark.parametrize(
    ("headers", "body", "complaint"),
    [
        ({"content-type": "application/json"}, b"{}", "no ce- headers"),
        ({}, b"", "no ce- headers"),
        ({"content-type": "application/cloudevents-batch+json"}, b"[]", "one by one"),
        (STRUCTURED, b"{", "cannot be read"),
        (STRUCTURED, b"[]", "not a JSON object"),
        (STRUCTURED, b"\xff\xfe\xfd", "cannot be read"),
        (STRUCTURED, b"[" * 100_000, "cannot be read"),
        (STRUCTURED, json.dumps(GOOD | {"specversion": "0.3"}).encode(), "specversion is '0.3'"),
        (STRUCTURED, json.dumps({**GOOD, "id": ""}).encode(), "has no id"),
        (STRUCTURED, json.dumps({**GOOD, "source": None}).encode(), "has no source"),
        (STRUCTURED, json.dumps({**GOOD, "type": 7}).encode(), "type is not a string"),
        (STRUCTURED, json.dumps({**GOOD, "time": "yesterday"}).encode(), "not an RFC 3339 time"),
        (STRUCTURED, json.dumps({**GOOD, "subject": "\ud800"}).encode(), "cannot be read"),
        (STRUCTURED, json.dumps({**GOOD, "data_base64": "%"}).encode(), "cannot be read"),
        (BINARY | {"content-type": "application/json"}, b"{", "cannot be read"),
        (BINARY | {"content-type": "text/plain"}, b"hello", "must be JSON"),
        ({**BINARY, "ce-id": ""}, b"{}", "has no id"),
        (BINARY | {"ce-subject": "%ff"}, b"{}", "cannot be read"),
    ],
)
def test_a_malformed_event_is_refused_with_a_reason(headers: dict[str, str], body: bytes, complaint: str) -> None:
    with pytest.raises(MalformedEventError, match=complaint):
        events.parse(httpx.Headers(headers), body)


def test_only_a_valid_traceparent_names_a_trace() -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    assert events.trace_id(f"00-{trace}-{span}-01") == trace
    bad = [f"ff-{trace}-{span}-01", f"00-{'0' * 32}-{span}-01", f"00-{trace}-{'0' * 16}-01", f"00-{trace}-01", "", None]
    assert [events.trace_id(text) for text in bad] == [None] * len(bad)


@pytest.mark.parametrize(
    "text", ["2026-11-23T13:27:01.389206859Z", "0001-01-01T00:00:00Z", "2026-11-23T13:27:01+02:00"]
)
def test_alertmanagers_times_are_times(text: str) -> None:
    assert events.parse_time(text).tzinfo is not None


@pytest.mark.parametrize("text", ["2026-11-23", "1700000000", "2026-11-23T13:27:01", "2026-13-23T13:27:01Z", ""])
def test_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        events.parse_time(text)


# -- settings and calls -------------------------------------------------------------------------------


def test_a_secret_in_a_file_is_read_again_when_it_changes_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("first-value\n", encoding="utf-8")
    secret = Secret("THE_KEY", file=file)
    assert secret.reveal() == "first-value"
    file.write_text("second-value\n", encoding="utf-8")
    assert secret.reload() == "second-value"
    file.unlink()
    assert secret.reveal() == "second-value"
    assert redacted("was first-value, is second-value") == "was «THE_KEY», is «THE_KEY»"
    assert "second" not in repr(secret)


def test_all_wrong_settings_are_named_together(tmp_path: Path) -> None:
    environment = Environment({"SLOW": "soon", "TRIES": "0", "KEY_FILE": str(tmp_path / "none")})
    environment.seconds("SLOW", 1)
    environment.count("TRIES", 5)
    environment.secret("KEY")
    environment.text("NEEDED")
    with pytest.raises(SettingsError) as raised:
        environment.check()
    assert all(name in str(raised.value) for name in ("SLOW", "TRIES", "KEY_FILE", "NEEDED (or NEEDED_FILE)"))


def pauses_before_retries(caplog: pytest.LogCaptureFixture) -> list[float]:
    return [vars(record)["fields"]["pause"] for record in caplog.records if "tried again" in record.message]


async def test_transient_failures_are_retried_with_growing_pauses_that_undercut_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries: list[int] = []

    async def attempt() -> str:
        tries.append(1)
        if len(tries) < 5:
            raise TransientError("not yet", retry_after=0.05 if len(tries) == 2 else 0)
        return "done"

    assert await Retries(5, 0.01).run("the call", attempt) == "done"
    pauses = pauses_before_retries(caplog)
    assert len(pauses) == 4 and pauses[0] >= 0.01 and pauses[1] >= 0.05
    assert all(longer >= shorter * 1.8 for shorter, longer in pairwise(pauses))


@pytest.mark.parametrize(("error", "tries"), [(TransientError("later"), 3), (RefusedError("never"), 1)])
async def test_tries_are_bounded_and_a_refusal_is_not_tried_again(error: Exception, tries: int) -> None:
    calls: list[int] = []

    async def attempt() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        await Retries(3, 0.001).run("the call", attempt)
    assert len(calls) == tries


def test_retry_after_is_seconds_or_a_date() -> None:
    def asked(value: str) -> float:
        return retry_after(httpx.Response(503, headers={"retry-after": value}))

    in_a_minute = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    assert asked("7") == 7
    assert 55 < asked(in_a_minute) <= 60
    assert asked("Thu, 01 Jan 1970 00:00:00 GMT") == asked("soon") == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (408, TransientError),
        (429, TransientError),
        (500, TransientError),
        (503, TransientError),
        (400, RefusedError),
        (401, RefusedError),
        (404, RefusedError),
        (302, RefusedError),
    ],
)
def test_a_status_says_whether_to_try_again(status: int, error: type[Exception]) -> None:
    check(httpx.Response(204, request=httpx.Request("GET", "http://there")))
    with pytest.raises(error, match=str(status)):
        check(httpx.Response(status, request=httpx.Request("GET", "http://there")))


async def test_a_call_that_gets_no_whole_answer_is_transient() -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    def reset(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("")

    for transport, complaint in ((hang, "no answer within 0.05 s"), (reset, "ReadError")):
        async with httpx.AsyncClient(transport=httpx.MockTransport(transport)) as client:
            with pytest.raises(TransientError, match=complaint):
                await send(client, client.build_request("GET", "http://there/path?secret=x"), 0.05)


async def test_waiting_for_a_free_connection_is_no_time_without_an_answer() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, make_client(httpx.create_ssl_context(), at_once=2) as client:
        calls = (send(client, client.build_request("GET", url), 0.25) for _ in range(8))
        assert {answer.status_code for answer in await asyncio.gather(*calls)} == {204}


async def test_a_limit_that_is_reached_while_a_call_waits_for_its_connection_is_heeded() -> None:
    limit, ends, began = Limit("Linear"), time.time() + 0.2, []

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        began.append(time.time())
        limit.reached(ends)
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, make_client(httpx.create_ssl_context(), at_once=1) as client:
        await asyncio.gather(*(send(client, client.build_request("GET", url), 5, limit) for _ in range(4)))
    assert began[0] < ends
    assert all(at >= ends for at in began[1:])


# -- remediation --------------------------------------------------------------------------------------


def alert(labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None) -> Alert:
    about = {"alertname": "A", "status": "firing", "startsAt": "2026-11-23T13:27:01Z"}
    return Alert.model_validate({**about, "labels": labels or {}, "annotations": annotations or {}})


LABELS = {"alertname": "A", "namespace": "shop", "pod": "p-1", "deployment": "d"}


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        ("pod-restart", {}, {"name": "p-1", "namespace": "shop", "type": "pod"}),
        ("pod-restart", {"name": "x", "type": "deployment"}, {"name": "x", "namespace": "shop", "type": "deployment"}),
        ("pod-check-status", {"selector": "app=a"}, {"selector": "app=a", "namespace": "shop"}),
        ("scale-deployment", {"replicas": 3}, {"name": "d", "namespace": "shop", "replicas": 3}),
        ("flux-reconcile-kustomization", {"name": "k", "namespace": "n"}, {"name": "k", "namespace": "n"}),
        (
            "my-own",
            {"deep": {"list": [1, 2.5, True, None]}},
            {"deep": {"list": [1, 2.5, True, None]}, "namespace": "shop"},
        ),
    ],
)
def test_parameters_keep_their_types_and_are_filled_up_from_the_labels(
    function: str, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    annotations = {"lambda_function": function, "lambda_parameters": json.dumps(given)}
    assert plan(alert(LABELS, annotations)).parameters == expected


@pytest.mark.parametrize(
    ("function", "parameters", "complaint"),
    [
        ("pod-restart", "{name: p}", "not valid JSON"),
        ("pod-restart", "[1]", "must be a JSON object"),
        ("scale-deployment", "{}", "needs replicas"),
        ("evil.example.com/x", "{}", "cannot be the name"),
        ("../up", "{}", "cannot be the name"),
    ],
)
def test_a_call_that_must_not_be_made_is_refused(function: str, parameters: str, complaint: str) -> None:
    with pytest.raises(RefusedError, match=complaint):
        plan(alert(LABELS, {"lambda_function": function, "lambda_parameters": parameters}))


CE = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "f", "ce-type": "io.knative.lambda.response.success"}
DONE = {"status": "success", "message": "done"}
SHAPES: list[tuple[dict[str, str], Callable[[Any], Any]]] = [
    (CE, lambda said: {"functionName": "f", "result": {"statusCode": 200, "body": said}}),
    (CE, lambda said: {"result": {"statusCode": 200, "body": json.dumps(said)}}),
    (CE, lambda said: said),
    (STRUCTURED, lambda said: GOOD | {"data": {"result": {"statusCode": 200, "body": said}}}),
    (STRUCTURED, lambda said: GOOD | {"data": said}),
    ({"content-type": "application/json"}, lambda said: said),
    ({}, lambda said: said),
]


@pytest.mark.parametrize(("headers", "shape"), SHAPES)
def test_an_answer_is_understood_in_every_shape(headers: dict[str, str], shape: Callable[[Any], Any]) -> None:
    assert understood(httpx.Headers(headers), json.dumps(shape(DONE)).encode()) == "done"
    with pytest.raises(FunctionError, match="no such pod"):
        understood(httpx.Headers(headers), json.dumps(shape({"status": "error", "message": "no such pod"})).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"17",
        b'{"status": "succ',
        b"\xff\xfe",
        b"{}",
        b'{"message": "well"}',
        b'"success"',
        b'{"result": {"statusCode": 500, "body": {"status": "success"}}}',
        b'{"error": {"message": "boom"}}',
    ],
)
def test_an_answer_that_does_not_say_success_is_a_failure(body: bytes) -> None:
    for headers in (CE, {"content-type": "application/json"}):
        with pytest.raises(FunctionError):
            understood(httpx.Headers(headers), body)


def test_a_breaker_opens_lets_one_probe_pass_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    breaker = Breaker(failures=2, cooldown=30)
    for failed in (True, False, True, True):  # a success in between starts the count anew
        breaker.enter()
        breaker.leave(failed=failed)
    with pytest.raises(RefusedError, match="2 times in a row"):
        breaker.enter()
    now += 31
    breaker.enter()
    now += 31
    with pytest.raises(RefusedError, match="under way"):  # while the probe is under way, however long that lasts
        breaker.enter()
    breaker.leave(failed=False)
    breaker.enter()


def test_access_to_the_cluster_is_read_from_a_kubeconfig(tmp_path: Path) -> None:
    access = kubernetes.access(settings.read({"LINEAR_API_KEY": KEY, "KUBECONFIG": str(kubeconfig(tmp_path))}))
    assert access and access.server == "https://kubernetes.default.svc"
    assert access.token and access.token.reveal() == "cluster-token"
    assert kubernetes.access(settings.read({"LINEAR_API_KEY": KEY})) is None


@pytest.mark.parametrize("content", ["", "[]", "current-context: gone\ncontexts: []", "{"])
def test_an_unusable_kubeconfig_is_a_wrong_setting(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="Kubernetes"):
        kubernetes.access(settings.read({"LINEAR_API_KEY": KEY, "KUBECONFIG": str(file)}))


def kubeconfig(directory: Path) -> Path:
    authority = {"certificate-authority": os.environ["SSL_CERT_FILE"]}
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://kubernetes.default.svc", **authority}}],
        "users": [{"name": "u", "user": {"token": "cluster-token"}}],
    }
    file = directory / "kubeconfig"
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


# -- prometheus-events --------------------------------------------------------------------------------


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://it") as client:
        yield client


def notification(*alerts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {
        "receiver": "prometheus-events",
        "status": "firing" if any(one["status"] == "firing" for one in alerts) else "resolved",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "HighLoad"},
        "commonLabels": {"alertname": "HighLoad"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "version": "4",
        "groupKey": "{}",
        "truncatedAlerts": 0,
    }
    return whole | changes


def raised(pod: str = "p-1", status: str = "firing", **changes: Any) -> dict[str, Any]:
    whole = {
        "status": status,
        "labels": {"alertname": "HighLoad", "pod": pod, "severity": "critical", "prometheus_rule": "load"},
        "annotations": {"summary": "Überlast 🔥", "description": 'He said "no"\nand left ' + "x" * 4096},
        "startsAt": "2026-11-23T13:27:01.389206859Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-11-23T13:30:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": f"fp-{pod}",
    }
    return whole | changes


@dataclass
class Sink:
    """The broker: takes events, unless `answers` says otherwise for the next ones."""

    answers: list[httpx.Response | Exception] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    held: dict[str, asyncio.Event] = field(default_factory=dict)

    async def take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        event = json.loads(request.content)
        if hold := self.held.get(event["data"]["labels"]["pod"]):
            await hold.wait()
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.taken.append(event)
        return httpx.Response(202)

    @property
    def ids(self) -> list[str]:
        return [json.loads(request.content)["id"] for request in self.requests]


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    with respx.mock(assert_all_called=False) as router:
        router.post(SINK).mock(side_effect=sink.take)
        yield sink


@pytest.fixture
async def converter(sink: Sink) -> AsyncIterator[httpx.AsyncClient]:
    app = converter_app.make_app({"K_SINK": SINK, "RETRY_FIRST_PAUSE": "0.01", "HTTP_TIMEOUT": "1"})
    async with served(app) as client:
        yield client


async def test_each_alert_becomes_one_event_typed_by_its_own_status(converter: httpx.AsyncClient, sink: Sink) -> None:
    group = notification(raised("p-1"), raised("p-2", "resolved"), commonLabels={"a": "b"})
    answer = await converter.post("/webhook", json=group)
    assert answer.status_code == 200
    assert {event["data"]["labels"]["pod"]: event["type"] for event in sink.taken} == {"p-1": FIRED, "p-2": RESOLVED}
    event = next(event for event in sink.taken if event["type"] == FIRED)
    assert sink.requests[0].headers["content-type"] == "application/cloudevents+json"
    assert event["specversion"] == "1.0" and event["subject"] == "HighLoad"
    assert event["source"] == "prometheus/alertmanager/prometheus-events"
    given = group["alerts"][0]
    assert event["data"] == {
        "alertname": "HighLoad",
        "status": "firing",
        "severity": "critical",
        **{name: given[name] for name in ("labels", "annotations", "startsAt", "endsAt", "generatorURL")},
        "commonLabels": {"a": "b"},
        "commonAnnotations": {},
        "receiver": "prometheus-events",
        "version": "4",
        "prometheusRule": "load",
    }


BAD: list[dict[str, Any]] = [
    {"alerts": "none"},
    {"alerts": [raised("p-1"), raised("p-2", labels={"pod": "p-2"})]},
    {"alerts": [raised("p-1"), raised("p-2", startsAt="yesterday")]},
    {"alerts": [raised("p-1"), raised("p-2", labels={"alertname": "A", "n": 1})]},
    {"alerts": [raised("p-1"), raised("p-2", status="pending")]},
    {"alerts": [raised("p-1"), {"status": "firing"}]},
    {"version": "3"},
    {"receiver": None},
    {"commonLabels": []},
]


@pytest.mark.parametrize(
    "body",
    [json.dumps(notification(raised("p-1"), **bad)).encode() for bad in BAD]
    + [b"", b"{", b"[]", b"null", b'"' + b"x" * 10, b"\xff\xfe", b'{"a":' * 10_000],
)
async def test_a_malformed_notification_emits_nothing(converter: httpx.AsyncClient, sink: Sink, body: bytes) -> None:
    refused = await converter.post("/webhook", content=body)
    assert refused.status_code == 400 and refused.json()["message"].startswith("The notification is malformed: ")
    assert sink.requests == []
    assert (await converter.post("/webhook", json=notification(raised("p-1")))).status_code == 200
    assert len(sink.taken) == 1


async def test_fields_of_later_alertmanagers_are_passed_over(converter: httpx.AsyncClient, sink: Sink) -> None:
    group = notification(raised("p-1", more=1), notification_reason="new", routeLabels={})
    assert (await converter.post("/webhook", json=group)).status_code == 200
    assert len(sink.taken) == 1


async def test_only_the_webhook_takes_notifications_and_none_too_large(
    converter: httpx.AsyncClient, sink: Sink
) -> None:
    assert (await converter.get("/webhook")).status_code == 405
    assert (await converter.post("/webhook", content=b" " * 6_000_000)).status_code == 413
    assert sink.requests == []


async def test_delivery_is_retried_with_the_same_event_and_growing_pauses(
    converter: httpx.AsyncClient, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    limited = httpx.Response(429, headers={"retry-after": "0"})
    sink.answers = [httpx.ConnectError("refused"), httpx.Response(503), limited]
    assert (await converter.post("/webhook", json=notification(raised()))).status_code == 200
    assert len(sink.ids) == 4 and len(set(sink.ids)) == 1 and len(sink.taken) == 1
    pauses = pauses_before_retries(caplog)
    assert len(pauses) == 3 and all(longer >= shorter * 1.8 for shorter, longer in pairwise(pauses))


async def test_what_the_sink_refuses_is_offered_once_and_told_to_alertmanager(
    converter: httpx.AsyncClient, sink: Sink
) -> None:
    sink.answers = [httpx.Response(400)]
    assert (await converter.post("/webhook", json=notification(raised()))).status_code == 502
    assert len(sink.requests) == 1 and sink.taken == []


async def test_a_repeated_notification_is_the_same_event_only_if_the_first_was_not_taken(
    converter: httpx.AsyncClient, sink: Sink
) -> None:
    group = notification(raised("p-1"))
    sink.answers = [httpx.Response(503)] * 5
    assert (await converter.post("/webhook", json=group)).status_code == 502
    assert len(sink.requests) == 5
    assert (await converter.post("/webhook", json=group)).status_code == 200
    assert len(set(sink.ids)) == 1
    assert (await converter.post("/webhook", json=group)).status_code == 200
    assert len(set(sink.ids)) == 2 and len(sink.taken) == 2


async def test_resolved_never_overtakes_a_fired_event_that_could_not_be_delivered(
    converter: httpx.AsyncClient, sink: Sink
) -> None:
    sink.answers = [httpx.Response(503)] * 5
    assert (await converter.post("/webhook", json=notification(raised("p-1")))).status_code == 502
    assert (await converter.post("/webhook", json=notification(raised("p-1", "resolved")))).status_code == 200
    assert [event["type"] for event in sink.taken] == [FIRED, RESOLVED]


async def test_an_alert_that_hangs_holds_up_its_own_events_and_no_others(
    converter: httpx.AsyncClient, sink: Sink
) -> None:
    sink.held["p-1"] = asyncio.Event()
    fired = asyncio.create_task(converter.post("/webhook", json=notification(raised("p-1"))))
    await eventually(lambda: len(sink.requests) == 1)
    resolved = asyncio.create_task(converter.post("/webhook", json=notification(raised("p-1", "resolved"))))
    assert (await converter.post("/webhook", json=notification(raised("p-2")))).status_code == 200
    assert [event["data"]["labels"]["pod"] for event in sink.taken] == ["p-2"]
    sink.held["p-1"].set()
    assert [(await fired).status_code, (await resolved).status_code] == [200, 200]
    assert [event["type"] for event in sink.taken[1:]] == [FIRED, RESOLVED]


async def test_the_correlation_id_is_the_one_given_else_the_trace_else_one_for_the_whole_alert(
    converter: httpx.AsyncClient, sink: Sink
) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for headers in ({"x-correlation-id": "given", "traceparent": traceparent}, {"traceparent": traceparent}):
        await converter.post("/webhook", json=notification(raised("p-1")), headers=headers)
    for one in (
        raised("p-1"),
        raised("p-1", "resolved"),
        raised("p-2"),
        raised("p-1", startsAt="2026-11-24T00:00:00Z"),
    ):
        await converter.post("/webhook", json=notification(one), headers={"traceparent": "nonsense"})
    ids = [event["correlationid"] for event in sink.taken]
    assert ids[:2] == ["given", "4bf92f3577b34da6a3ce929d0e0e4736"]
    assert ids[2] == ids[3] and len(set(ids)) == 5
    assert [event.get("traceparent") for event in sink.taken] == [traceparent] * 2 + [None] * 4
    assert sink.requests[0].headers["traceparent"] == traceparent
    assert sink.requests[0].headers["x-correlation-id"] == "given"


async def test_the_converter_reports_health_and_counts(converter: httpx.AsyncClient, sink: Sink) -> None:
    sink.answers = [httpx.Response(400)]
    await converter.post("/webhook", json=notification(raised("p-1")))
    await converter.post("/webhook", json=notification(raised("p-2")))
    assert (await converter.get("/health")).status_code == 200
    counted = await metrics(converter)
    assert counted["prometheus_events_cloudevents_total", (("outcome", "delivered"), ("type", FIRED))] == 1
    assert counted["prometheus_events_cloudevents_total", (("outcome", "not delivered"), ("type", FIRED))] == 1


async def metrics(client: httpx.AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = (await client.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


# -- agent-sre ----------------------------------------------------------------------------------------

Answer = Callable[[httpx.Request], httpx.Response | None]
"""What a service does with a request; None: what it always does."""


def say(answer: errors.Answer) -> Answer:
    return lambda _: httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)


def fail(error: Exception) -> Answer:
    def raising(_: httpx.Request) -> httpx.Response:
        raise error

    return raising


@dataclass
class World:
    """The agent's outside: Linear as it is, and small Kubernetes, functions, Prometheus and PagerDuty."""

    linear: Linear = field(default_factory=Linear)
    faults: dict[str, list[Answer]] = field(default_factory=dict)
    """By GraphQL operation: what happens to the next calls. The operation `*` stands for all."""
    lost: int = 0
    """Answers to creations that Linear gives and nobody gets."""
    calls: list[tuple[str, float]] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    renewals: list[float] = field(default_factory=list)
    """When OAuth tokens were asked for."""
    ready: dict[str, Any] = field(default_factory=lambda: {"phase": "Ready", "serviceStatus": {"ready": True}})
    function: Callable[[httpx.Request], Awaitable[httpx.Response]] | None = None
    invoked: list[httpx.Request] = field(default_factory=list)
    burn_rate: float | None = None
    prometheus: Answer = lambda _: None
    pagerduty: Answer = lambda _: None
    engineer: str | None = None
    hanging: bool = False
    """Whether Prometheus and PagerDuty give no answer."""

    def __post_init__(self) -> None:
        for name in ("agent", "reader", "oncall"):
            self.linear.add_user(f"{name}@example.com")
        self.linear.accept(KEY, "agent@example.com")
        self.linear.accept(READER, "reader@example.com")
        for label in ("agent-sre", "Critical", "warning"):
            self.linear.add_label(label)

    def routes(self, router: respx.MockRouter) -> None:
        router.post("https://api.linear.app/graphql").mock(side_effect=self._linear)
        router.post("https://api.linear.app/oauth/token").mock(side_effect=self._token)
        router.get("https://api.pagerduty.com/oncalls").mock(side_effect=self._pagerduty)
        router.get("http://prometheus:9090/api/v1/query").mock(side_effect=self._prometheus)
        router.get(url__startswith="https://kubernetes.default.svc/apis/").mock(side_effect=self._kubernetes)
        model = {"result": '{"lambda_function": "none", "parameters": {}, "confidence": 1.0}'}
        router.get("http://trm-reasoning.ml-platform.svc:8080/health").respond(json={"model_loaded": True})
        router.post("http://trm-reasoning.ml-platform.svc:8080/reason").respond(json=model)
        router.post(url__regex=r"http://[a-z-]+\.ai\.svc\.cluster\.local/").mock(side_effect=self._function)

    async def _linear(self, request: httpx.Request) -> httpx.Response:
        (operation,) = operations(request.content)
        self.calls.append((operation, time.time()))
        self.authorizations.add(request.headers["authorization"])
        for name in (operation, "*"):
            if self.faults.get(name) and (answer := self.faults[name].pop(0)(request)):
                return answer
        answer = await self._ask(request)
        if self.lost and operation.endswith(("Create", "URL")):
            self.lost -= 1
            raise httpx.ReadError("the connection was reset")
        return answer

    async def _token(self, request: httpx.Request) -> httpx.Response:
        self.renewals.append(time.time())
        return await self._ask(request)

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.linear.app)) as client:
            answer = await client.send(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def _pagerduty(self, request: httpx.Request) -> httpx.Response:
        if self.hanging:
            await asyncio.sleep(60)
        if answer := self.pagerduty(request):
            return answer
        assert request.headers["authorization"] == "Token token=pd-key"
        assert request.url.params["schedule_ids[]"] == "SCHED" and request.url.params["include[]"] == "users"
        user = {"type": "user", "summary": "Tim", "email": self.engineer}
        return httpx.Response(200, json={"oncalls": [{"user": user, "escalation_level": 1}] if self.engineer else []})

    async def _prometheus(self, request: httpx.Request) -> httpx.Response:
        if self.hanging:
            await asyncio.sleep(60)
        if answer := self.prometheus(request):
            return answer
        asked = 'slo_name="shop-\\"a\\""' in request.url.params["query"]
        series = {"metric": {"__name__": "slo:error_budget_burn_rate"}, "value": [1.0, str(self.burn_rate)]}
        data = {"resultType": "vector", "result": [series] if asked and self.burn_rate is not None else []}
        return httpx.Response(200, json={"status": "success", "data": data})

    def _kubernetes(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer cluster-token"
        assert request.url.path.startswith("/apis/lambda.knative.io/v1alpha1/namespaces/ai/lambdafunctions/")
        return httpx.Response(200, json={"status": self.ready}) if self.ready else httpx.Response(404, json={})

    async def _function(self, request: httpx.Request) -> httpx.Response:
        self.invoked.append(request)
        return await self.function(request) if self.function else httpx.Response(200, json=DONE)

    async def issues(self) -> list[dict[str, Any]]:
        query = """{ issues(first: 25) { nodes { id identifier title description priority team { key } state { type }
          assignee { email } labels(first: 9) { nodes { name } } comments(first: 9) { nodes { body createdAt } }
          attachments(first: 9) { nodes { title url } }
          relations(first: 9) { nodes { type relatedIssue { identifier } } } } } }"""
        request = httpx.Request(
            "POST", "https://api.linear.app/graphql", json={"query": query}, headers={"authorization": READER}
        )
        answer = (await self._ask(request)).json()
        for issue in answer["data"]["issues"]["nodes"]:
            issue["comments"]["nodes"].reverse()
        return sorted(answer["data"]["issues"]["nodes"], key=lambda issue: int(issue["identifier"].split("-")[1]))

    async def comments(self, number: int = 0) -> list[str]:
        found = await self.issues()
        return [comment["body"] for comment in found[number]["comments"]["nodes"]] if len(found) > number else []

    def count(self, operation: str) -> int:
        return sum(called == operation for called, _ in self.calls)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with respx.mock(assert_all_called=False) as router:
        world.routes(router)
        yield world


Start = Callable[..., Any]


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return {
        "LINEAR_API_KEY": KEY,
        "PAGERDUTY_API_KEY": "pd-key",
        "PAGERDUTY_SCHEDULE_ID": "SCHED",
        "KUBECONFIG": str(kubeconfig(tmp_path)),
        "RETRY_FIRST_PAUSE": "0.005",
        "RETRY_LATER_PAUSE": "0.05",
        "HTTP_TIMEOUT": "0.5",
        "PROMETHEUS_TIMEOUT": "0.5",
    }


@asynccontextmanager
async def running(variables: dict[str, str], **more: str) -> AsyncIterator[httpx.AsyncClient]:
    async with served(agent_app.make_app(variables | more)) as client:
        yield client


@pytest.fixture
async def agent(world: World, variables: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with running(variables) as client:
        yield client


DESCRIPTION = 'He said "no" and `maybe`\nÜberlast 🔥 ' + "x" * 4096


def event(
    status: str = "firing",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    starts: str = "2026-11-23T13:27:01.5Z",
    **attributes: str,
) -> CloudEvent:
    labels = {"alertname": "HighLoad", "pod": "p-1", "namespace": "shop", "severity": "CRITICAL"} | (labels or {})
    data = {
        "alertname": labels["alertname"],
        "status": status,
        "severity": labels.get("severity", "unknown"),
        "labels": labels,
        "annotations": {"summary": "Too much load", "description": DESCRIPTION} | (annotations or {}),
        "commonLabels": {},
        "commonAnnotations": {},
        "startsAt": starts,
        "endsAt": None,
        "generatorURL": "http://prometheus.example.com/graph?g0.expr=up&g0.tab=1",
        "receiver": "prometheus-events",
        "version": "4",
    }
    about = {"id": str(uuid.uuid4()), "source": "prometheus/x", "type": FIRED if status == "firing" else RESOLVED}
    return CloudEvent(about | {"subject": "HighLoad", "correlationid": "corr-1"} | attributes, data)


async def deliver(client: httpx.AsyncClient, *sent: CloudEvent, mode: Any = events.binary) -> list[httpx.Response]:
    answers = []
    for one in sent:
        headers, body = mode(one)
        answers.append(await client.post("/", headers=headers, content=body))
    return answers


CALL = {"lambda_function": "pod-restart", "lambda_parameters": '{"grace": 5}'}


async def test_a_firing_alert_is_one_issue_with_all_its_facts(agent: httpx.AsyncClient, world: World) -> None:
    world.engineer = "OnCall@example.com"
    fired = event(labels={"team": "the `A` *team*", "place": "Zürich\n東京"})
    (answer,) = await deliver(agent, fired)
    assert answer.status_code == 202
    assert answer.json() == {"status": "processed", "event_id": fired["id"], "correlation_id": "corr-1"}
    (issue,) = await world.issues()
    assert issue["title"] == "[Alert] HighLoad" and issue["team"]["key"] == "BVL" and issue["priority"] == 1
    facts = [*fired.data["labels"].values(), *fired.data["annotations"].values(), "corr-1", "firing", "critical"]
    assert [fact for fact in facts if fact not in issue["description"] and fact != "CRITICAL"] == []
    assert sorted(label["name"] for label in issue["labels"]["nodes"]) == ["Critical", "agent-sre"]
    assert issue["assignee"]["email"] == "oncall@example.com"
    assert issue["state"]["type"] not in ("completed", "canceled")
    links = {link["title"]: link["url"] for link in issue["attachments"]["nodes"]}
    assert links.keys() == {"Alert source", "Graph around the alert's start"}
    assert links["Alert source"] == fired.data["generatorURL"]
    assert world.authorizations == {KEY}


@pytest.mark.parametrize("mode", [events.structured, events.binary])
async def test_both_content_modes_mean_the_same(agent: httpx.AsyncClient, world: World, mode: Any) -> None:
    await deliver(agent, event(), mode=mode)
    (issue,) = await world.issues()
    assert DESCRIPTION in issue["description"]


async def test_a_redelivered_event_has_no_second_effect(agent: httpx.AsyncClient, world: World) -> None:
    fired = event()
    together = await asyncio.gather(deliver(agent, fired), deliver(agent, fired))
    assert sorted(answer.json()["status"] for (answer,) in together) == ["duplicate", "processed"]
    (again,) = await deliver(agent, fired)
    assert again.status_code == 202 and again.json()["status"] == "duplicate"
    assert len(await world.issues()) == 1 and await world.comments() == []


async def test_a_repeated_notification_is_a_comment_on_the_same_issue(agent: httpx.AsyncClient, world: World) -> None:
    await deliver(agent, event(), event(correlationid="corr-2"))
    assert len(await world.issues()) == 1
    (comment,) = await world.comments()
    assert "still firing" in comment and "corr-2" in comment


async def test_resolving_closes_this_issue_and_no_other(agent: httpx.AsyncClient, world: World) -> None:
    await deliver(agent, event(), event(labels={"pod": "p-2"}), event("resolved"), event("resolved"))
    assert [issue["state"]["type"] == "completed" for issue in await world.issues()] == [True, False]
    assert len(await world.comments(0)) == 1 and await world.comments(1) == []
    assert "resolved" in (await world.comments(0))[0]


@pytest.mark.parametrize("starts", ["2026-11-23T13:27:01.5Z", "2026-11-23T15:00:00Z"])
async def test_firing_again_after_a_resolve_is_a_new_issue_related_to_the_old(
    agent: httpx.AsyncClient, world: World, starts: str
) -> None:
    await deliver(agent, event(), event("resolved"), event(starts=starts), event("resolved", starts=starts))
    old, new = await world.issues()
    assert [relation["relatedIssue"]["identifier"] for relation in new["relations"]["nodes"]] == [old["identifier"]]
    assert [old["state"]["type"], new["state"]["type"]] == ["completed", "completed"]


async def test_an_event_from_before_the_last_change_of_its_incident_does_nothing(
    agent: httpx.AsyncClient, world: World
) -> None:
    await deliver(agent, event(time="2026-11-23T14:00:00Z"), event("resolved", time="2026-11-23T13:59:00Z"))
    assert (await world.issues())[0]["state"]["type"] != "completed"
    await deliver(agent, event("resolved", time="2026-11-23T14:05:00Z"), event(time="2026-11-23T14:04:00Z"))
    assert [issue["state"]["type"] for issue in await world.issues()] == ["completed"]


async def test_fired_and_resolved_that_come_together_leave_a_closed_issue(
    agent: httpx.AsyncClient, world: World
) -> None:
    await asyncio.gather(*(deliver(agent, one) for one in (event(), event(), event("resolved"))))
    assert [issue["state"]["type"] for issue in await world.issues()] == ["completed"]
    assert len(await world.comments()) == 2


async def test_twenty_alerts_at_once_are_twenty_issues(agent: httpx.AsyncClient, world: World) -> None:
    await asyncio.gather(*(deliver(agent, event(labels={"pod": f"pod-{number}-"})) for number in range(20)))
    found = await world.issues()
    assert sorted(issue["description"].count(f"pod-{n}-") > 0 for issue in found for n in range(20)).count(True) == 20
    assert world.count("teams") == 1 and world.count("issueCreate") == 20


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"alertname": 1}},
        {"labels": None},
        {"alertname": ""},
        {"startsAt": "now"},
        {"status": "resolved"},
        {"annotations": []},
    ],
)
async def test_an_event_whose_data_is_no_alert_is_refused(
    agent: httpx.AsyncClient, world: World, change: dict[str, Any]
) -> None:
    bad = event()
    bad.data.update(change)
    (refused,) = await deliver(agent, bad)
    assert refused.status_code == 400 and "event" in refused.json()["message"]
    assert world.calls == []
    await deliver(agent, event())
    assert len(await world.issues()) == 1


async def test_what_is_no_event_is_refused(agent: httpx.AsyncClient, world: World) -> None:
    assert (await agent.post("/", json={"alertname": "A"})).status_code == 400
    batch = {"content-type": "application/cloudevents-batch+json"}
    assert (await agent.post("/", content=b"[]", headers=batch)).status_code == 415
    assert (await agent.post("/", content=b"x" * 6_000_000)).status_code == 413
    assert (await agent.get("/")).status_code == 405
    assert world.calls == []


async def test_an_event_of_another_type_is_accepted_without_effect(agent: httpx.AsyncClient, world: World) -> None:
    (answer,) = await deliver(agent, event(type="io.homelab.other"))
    assert answer.status_code == 202 and answer.json()["status"] == "ignored" and world.calls == []


async def test_a_flood_is_turned_away_and_the_agent_stays(world: World, variables: dict[str, str]) -> None:
    world.linear.limit_reached(60, KEY)
    async with running(variables, MAX_PENDING_EVENTS="4", ANSWER_TIMEOUT="0.05") as agent:
        answers = await asyncio.gather(*(deliver(agent, event(labels={"pod": f"p-{n}"})) for n in range(10)))
        statuses = [answer.status_code for (answer,) in answers]
        assert set(statuses) == {202, 429}
        turned_away = next(answer for (answer,) in answers if answer.status_code == 429)
        assert turned_away.headers["retry-after"] == "1"
        assert (await agent.get("/health")).status_code == 200 and (await agent.get("/ready")).status_code == 503


async def test_a_door_takes_so_many_events_and_says_when_it_takes_more(world: World, variables: dict[str, str]) -> None:
    async with running(variables, RATE_LIMIT="20", RATE_LIMIT_BURST="5") as agent:
        answers = await asyncio.gather(*(deliver(agent, event(labels={"pod": f"p-{n}"})) for n in range(12)))
        assert Counter(answer.status_code for (answer,) in answers)[202] in (5, 6)
        turned_away = next(answer for (answer,) in answers if answer.status_code == 429)
        assert turned_away.headers["retry-after"] == "1"
        assert (await agent.get("/health")).status_code == 200


def test_a_rate_limit_lets_a_burst_pass_and_then_its_rate() -> None:
    now = 0.0
    limit = RateLimit(rate=10, burst=3, clock=lambda: now)
    assert [limit.wait() for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.1])
    now = 0.1
    assert [limit.wait() for _ in range(2)] == pytest.approx([0, 0.1])
    now = 60
    assert [limit.wait() for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


async def test_metrics_have_the_agreed_names(agent: httpx.AsyncClient, world: World) -> None:
    await deliver(agent, event(annotations=CALL))
    await eventually(lambda: len(world.invoked) == 1)
    labels = (("alertname", "HighLoad"), ("lambda_function", "pod-restart"), ("status", "success"))

    async def counted() -> bool:
        return (await metrics(agent)).get(("agent_sre_remediation_attempts_total", labels)) == 1

    await eventually(counted)
    counts = await metrics(agent)
    received = (("event_source", "prometheus/x"), ("event_type", FIRED))
    assert counts["agent_sre_cloudevents_received_total", received] == 1
    assert counts["agent_sre_remediation_duration_seconds_count", ()] == 1
    assert counts["agent_sre_active_remediations", ()] == 0
    assert (await agent.get("/ready")).status_code == 200


# -- agent-sre and Linear -----------------------------------------------------------------------------


async def test_a_missing_label_costs_no_issue(agent: httpx.AsyncClient, world: World) -> None:
    await deliver(agent, event(labels={"severity": "weird"}))
    (issue,) = await world.issues()
    assert [label["name"] for label in issue["labels"]["nodes"]] == ["agent-sre"] and issue["priority"] == 3


async def test_a_label_that_is_gone_is_looked_up_again(agent: httpx.AsyncClient, world: World) -> None:
    world.faults["issueCreate"] = [say(errors.not_found("IssueLabel"))]
    await deliver(agent, event())
    (issue,) = await world.issues()
    assert len(issue["labels"]["nodes"]) == 2 and world.count("teams") == 2
    world.faults["issueCreate"] = [say(errors.not_found("IssueLabel"))] * 2
    await deliver(agent, event(labels={"pod": "p-2"}))
    assert (await world.issues())[1]["labels"]["nodes"] == []


@pytest.mark.parametrize("engineer", [None, "stranger@example.com"])
async def test_without_a_known_engineer_the_issue_is_unassigned(
    agent: httpx.AsyncClient, world: World, engineer: str | None
) -> None:
    world.engineer = engineer
    await deliver(agent, event())
    (issue,) = await world.issues()
    assert issue["assignee"] is None


@pytest.mark.parametrize(
    "answer",
    [
        fail(httpx.ConnectError("refused")),
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(401),
        lambda _: httpx.Response(200, content=b"{"),
        lambda _: httpx.Response(200, json={"oncalls": [{}]}),
    ],
)
async def test_an_on_call_service_that_fails_costs_no_issue(
    agent: httpx.AsyncClient, world: World, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    world.pagerduty = answer
    await deliver(agent, event())
    (issue,) = await world.issues()
    assert issue["assignee"] is None


@pytest.mark.parametrize(("burn_rate", "priority"), [(0.06, 1), (0.0005, 2), (None, 1)])
async def test_the_slo_decides_on_the_priority_and_is_linked(
    agent: httpx.AsyncClient, world: World, burn_rate: float | None, priority: int
) -> None:
    world.burn_rate = burn_rate
    await deliver(agent, event(labels={"slo": 'shop-"a"'}))
    (issue,) = await world.issues()
    assert issue["priority"] == priority
    assert "https://grafana.example.com/d/slo-shop-%22a%22" in [link["url"] for link in issue["attachments"]["nodes"]]
    assert ("no data" if burn_rate is None else f"`{burn_rate:g}`") in issue["description"]


@pytest.mark.parametrize(
    "answer",
    [
        fail(httpx.ConnectError("refused")),
        lambda _: httpx.Response(503, json={"status": "error", "errorType": "timeout", "error": "timed out"}),
        lambda _: httpx.Response(422, json={"status": "error", "errorType": "execution", "error": "failed"}),
        lambda _: httpx.Response(200, content=b'{"status": "succ'),
        lambda _: httpx.Response(200, json={"status": "success", "data": {"result": [{"value": []}]}}),
    ],
)
async def test_without_slo_data_the_issue_says_so(agent: httpx.AsyncClient, world: World, answer: Answer) -> None:
    world.prometheus = answer
    await deliver(agent, event(labels={"slo": 'shop-"a"'}))
    (issue,) = await world.issues()
    assert "Not available: " in issue["description"] and issue["priority"] == 1


async def test_sources_that_hang_hold_the_issue_up_no_longer_than_their_time(
    agent: httpx.AsyncClient, world: World
) -> None:
    world.hanging = True
    await deliver(agent, event(labels={"slo": 'shop-"a"'}))
    (issue,) = await world.issues()
    assert "within 0.5 s" in issue["description"] and issue["assignee"] is None


def hang(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


PASSING: dict[str, Answer] = {
    "500": say(errors.internal()),
    "502": say(errors.bad_gateway()),
    "lock timeout": say(errors.lock_timeout()),
    "time-out": hang,
    "reset": fail(httpx.ReadError("reset")),
    "refused": fail(httpx.ConnectError("refused")),
    "truncated": lambda _: httpx.Response(200, content=b'{"data": {"issueCr'),
    "no JSON": lambda _: httpx.Response(200, content=b"<html>"),
    "no data": lambda _: httpx.Response(200, json={"data": None}),
}


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_failure_of_linear_is_retried_and_there_is_one_issue(
    agent: httpx.AsyncClient, world: World, fault: str
) -> None:
    world.faults["*"] = [PASSING[fault]] * 2
    world.faults["issueCreate"] = [PASSING[fault]] * 2
    (answer,) = await deliver(agent, event())
    assert answer.json()["status"] == "processed"
    assert len(await world.issues()) == 1 and world.count("issueCreate") == 3


async def test_lost_answers_make_nothing_twice(agent: httpx.AsyncClient, world: World) -> None:
    world.lost = 2
    await deliver(agent, event(), event())
    world.lost = 1
    await deliver(agent, event("resolved"))
    (issue,) = await world.issues()
    assert len(issue["attachments"]["nodes"]) == 2 and issue["state"]["type"] == "completed"
    assert len(await world.comments()) == 2


PERMANENT = [errors.invalid_input(), errors.user_error(), errors.forbidden(), errors.usage_limit_exceeded()]


@pytest.mark.parametrize("answer", PERMANENT)
async def test_a_refusal_is_not_retried_but_the_next_notification_is(
    agent: httpx.AsyncClient, world: World, answer: errors.Answer
) -> None:
    world.faults["issueCreate"] = [say(answer)]
    (failed,) = await deliver(agent, event())
    assert failed.status_code == 202 and failed.json()["status"] == "failed"
    assert world.count("issueCreate") == 1 and await world.issues() == []
    await deliver(agent, event())
    assert len(await world.issues()) == 1


async def test_an_outage_longer_than_all_tries_is_waited_out(world: World, variables: dict[str, str]) -> None:
    down: Answer = fail(httpx.ConnectError("refused"))
    world.faults["*"] = [down] * 12
    async with running(variables, ANSWER_TIMEOUT="0.02") as agent:
        fired, resolved = await deliver(agent, event(annotations=CALL), event("resolved"))
        assert [fired.json()["status"], resolved.json()["status"]] == ["accepted", "accepted"]
        assert (await agent.get("/health")).status_code == 200
        await eventually(lambda: len(world.invoked) == 1)

        async def closed() -> bool:
            return [issue["state"]["type"] for issue in await world.issues()] == ["completed"]

        await eventually(closed)
    assert world.count("issueCreate") == 1 and world.count("viewer") >= 1


async def test_no_call_goes_out_before_the_reset_of_a_rate_limit(world: World, variables: dict[str, str]) -> None:
    async with running(variables, ANSWER_TIMEOUT="0.05") as agent:
        await deliver(agent, event(labels={"pod": "before"}))
        world.linear.limit_reached(1, KEY)
        began = time.time()
        answers = await asyncio.gather(*(deliver(agent, event(labels={"pod": f"p-{n}"})) for n in range(3)))
        assert {answer.json()["status"] for (answer,) in answers} == {"accepted"}

        async def all_there() -> bool:
            return len(await world.issues()) == 4

        await eventually(all_there)
    while_limited = [at for _, at in world.calls if began <= at < began + 1]
    assert 1 <= len(while_limited) <= 3


async def test_a_rate_limit_that_names_no_reset_obeys_retry_after(agent: httpx.AsyncClient, world: World) -> None:
    limited = errors.rate_limited(time.time())
    world.faults["issueCreate"] = [lambda _: httpx.Response(400, content=limited.body, headers={"retry-after": "1"})]
    await deliver(agent, event())
    times = [at for operation, at in world.calls if operation == "issueCreate"]
    assert len(times) == 2 and times[1] - times[0] >= 1


async def test_a_revoked_key_is_tried_little_and_a_new_one_used_at_once(
    world: World, variables: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("lin_api_old", encoding="utf-8")
    del variables["LINEAR_API_KEY"]
    async with running(variables, LINEAR_API_KEY_FILE=str(file), ANSWER_TIMEOUT="0.02") as agent:
        (answer,) = await deliver(agent, event())
        assert answer.json()["status"] == "accepted"

        async def refused() -> bool:
            return len(world.calls) == 1

        await eventually(refused)
        file.write_text(KEY, encoding="utf-8")

        async def there() -> bool:
            return len(await world.issues()) == 1

        await eventually(there)
        assert len(world.calls) < 20
        world.linear.revoke(KEY)
        world.linear.accept("lin_api_newest", "agent@example.com")
        file.write_text("lin_api_newest", encoding="utf-8")
        await deliver(agent, event("resolved"))

        async def closed() -> bool:
            return [issue["state"]["type"] for issue in await world.issues()] == ["completed"]

        await eventually(closed)


async def test_an_oauth_token_is_sent_as_bearer(world: World, variables: dict[str, str]) -> None:
    async with running(variables, LINEAR_API_KEY="lin_oauth_token", ANSWER_TIMEOUT="0.02") as agent:
        await deliver(agent, event())
        await eventually(lambda: world.authorizations == {"Bearer lin_oauth_token"})


def oauth(world: World, directory: Path, lifetime: float = 3600) -> dict[str, str]:
    """The variables of an agent that is an OAuth application, authorised anew."""
    tokens = world.linear.authorise("client", "client-secret", "agent@example.com", lifetime)
    return {
        "LINEAR_AUTH": "oauth",
        "LINEAR_OAUTH_CLIENT_ID": "client",
        "LINEAR_OAUTH_CLIENT_SECRET": "client-secret",
        "LINEAR_OAUTH_REFRESH_TOKEN": tokens.refresh_token,
        "LINEAR_OAUTH_MARGIN": "0.2",
        "STATE_DIRECTORY": str(directory),
    }


async def test_one_token_serves_all_calls_and_one_of_them_fetches_the_next_before_it_expires(
    world: World, variables: dict[str, str], tmp_path: Path
) -> None:
    del variables["LINEAR_API_KEY"]
    async with running(variables | oauth(world, tmp_path, lifetime=0.5)) as agent:
        began = time.time()
        while time.time() - began < 1.2:
            await asyncio.gather(*(deliver(agent, event(labels={"pod": f"p-{uuid.uuid4()}"})) for _ in range(3)))
    assert 3 <= len(world.renewals) == len(world.authorizations) <= 6
    assert all(after - before >= 0.25 for before, after in pairwise(world.renewals))
    assert len(world.calls) > 5 * len(world.renewals)


async def test_a_token_that_is_refused_is_renewed_once_for_all_calls(
    world: World, variables: dict[str, str], tmp_path: Path
) -> None:
    del variables["LINEAR_API_KEY"]
    async with running(variables | oauth(world, tmp_path)) as agent:
        await deliver(agent, event())
        (held,) = world.authorizations
        world.linear.revoke(held.removeprefix("Bearer "))
        answers = await asyncio.gather(*(deliver(agent, event(labels={"pod": f"p-{n}"})) for n in range(10)))
    assert {answer.json()["status"] for (answer,) in answers} == {"processed"}
    assert len(world.renewals) == 2 and len(world.authorizations) == 2


async def test_a_restarted_agent_goes_on_with_the_tokens_that_it_has_kept_for_itself(
    world: World, variables: dict[str, str], tmp_path: Path
) -> None:
    del variables["LINEAR_API_KEY"]
    given = oauth(world, tmp_path)
    for life in range(2):
        async with running(variables | given) as agent:
            (answer,) = await deliver(agent, event(labels={"pod": f"p-{life}"}))
            assert answer.json()["status"] == "processed"
    assert len(world.renewals) == 1
    assert oct(os.stat(tmp_path / "linear-tokens.json").st_mode & 0o777) == "0o600"  # noqa: PTH116
    async with running(variables | oauth(world, tmp_path)) as agent:  # somebody has authorised it anew
        await deliver(agent, event(labels={"pod": "p-2"}))
    assert len(world.renewals) == 2


async def test_a_refresh_token_that_is_worth_nothing_is_tried_once(
    world: World, variables: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del variables["LINEAR_API_KEY"]
    file = tmp_path / "refresh"
    file.write_text("lin_refresh_worthless")
    given = oauth(world, tmp_path) | {"LINEAR_OAUTH_REFRESH_TOKEN_FILE": str(file), "ANSWER_TIMEOUT": "0.02"}
    good = given.pop("LINEAR_OAUTH_REFRESH_TOKEN")
    async with running(variables | given) as agent:
        await deliver(agent, event(), event(labels={"pod": "p-2"}))
        await asyncio.sleep(0.2)
        assert len(world.renewals) == 1 and world.calls == []
        assert any("invalid_grant" in str(vars(record)) for record in caplog.records)
        file.write_text(good)

        async def there() -> bool:
            return len(await world.issues()) == 2

        await eventually(there)


async def test_a_restarted_agent_finds_its_issue_and_does_not_remediate_again(
    world: World, variables: dict[str, str]
) -> None:
    async with running(variables) as agent:
        await deliver(agent, event(annotations=CALL))

        async def remediated() -> bool:
            return len(await world.comments()) == 2

        await eventually(remediated)
    async with running(variables) as agent:
        await deliver(agent, event(annotations=CALL))
        await deliver(agent, event("resolved", annotations=CALL), event("resolved", labels={"pod": "never seen"}))
    assert [issue["state"]["type"] for issue in await world.issues()] == ["completed"]
    assert len(world.invoked) == 1


# -- agent-sre and functions --------------------------------------------------------------------------


async def test_the_function_is_called_once_as_an_event_and_the_issue_tells_it(
    agent: httpx.AsyncClient, world: World
) -> None:
    fired = event(annotations=CALL, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    await deliver(agent, fired, event(annotations=CALL))

    async def told() -> bool:
        return len(await world.comments()) == 3

    await eventually(told)
    (call,) = world.invoked
    sent = events.parse(call.headers, call.content)
    assert call.url == "http://pod-restart.ai.svc.cluster.local/"
    assert sent["type"] == "io.homelab.agent-sre.remediation.request" and sent["source"] == "agent-sre"
    assert sent["correlationid"] == call.headers["x-correlation-id"] == "corr-1"
    assert call.headers["traceparent"] == fired["traceparent"]
    assert sent.data == {"grace": 5, "name": "p-1", "namespace": "shop", "type": "pod"}
    said = "\n".join(await world.comments())
    assert said.index("Remediation started") < said.index("Remediation succeeded") and "done" in said


async def said_by(world: World, *words: str) -> None:
    """The alert's issue and its failure ticket come to say the words, and the two are related."""

    async def said() -> bool:
        found = await world.issues()
        return (
            len(found) == 2 and all(word in found[1]["description"] for word in words) and bool(await world.comments())
        )

    await eventually(said)
    about, failure = await world.issues()
    assert failure["title"] == "[Remediation Failed] HighLoad" and about["title"] == "[Alert] HighLoad"

    async def related() -> bool:
        relations = (await world.issues())[1]["relations"]["nodes"]
        return [(one["type"], one["relatedIssue"]["identifier"]) for one in relations] == [
            ("related", about["identifier"])
        ]

    await eventually(related)
    assert any("Remediation failed" in comment for comment in await world.comments())


def answering(*answers: httpx.Response) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    left = list(answers)

    async def answer(_: httpx.Request) -> httpx.Response:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


@pytest.mark.parametrize(
    ("answer", "tries", "reason"),
    [
        (httpx.Response(400, text="bad parameters"), 1, "bad parameters"),
        (httpx.Response(404), 1, "404"),
        (httpx.Response(503), 5, "503"),
        (httpx.Response(500, json={"error": {"message": "boom", "retryable": False}}), 1, "boom"),
        (httpx.Response(500, json={"error": {"message": "boom", "retryable": True}}), 5, "boom"),
        (httpx.Response(200, json={"status": "error", "message": "no such pod"}), 1, "no such pod"),
        (httpx.Response(200, text="<html>"), 1, "cannot be understood"),
    ],
)
async def test_a_function_that_fails_is_a_related_ticket(
    agent: httpx.AsyncClient, world: World, answer: httpx.Response, tries: int, reason: str
) -> None:
    world.function = answering(answer)
    await deliver(agent, event(annotations=CALL))
    await said_by(world, "pod-restart", reason, "corr-1")
    assert len(world.invoked) == tries
    assert len({call.headers["ce-id"] for call in world.invoked}) == 1


@pytest.mark.parametrize("ready", [None, {"phase": "Building"}, {"phase": "Ready", "serviceStatus": {"ready": False}}])
async def test_a_function_that_is_not_ready_is_not_called_until_it_is(
    agent: httpx.AsyncClient, world: World, ready: dict[str, Any] | None
) -> None:
    world.ready = ready or {}
    await deliver(agent, event(annotations=CALL))
    await said_by(world, "not ready")
    assert world.invoked == []
    world.ready = {"phase": "Ready"}
    await deliver(agent, event(annotations=CALL, labels={"pod": "p-2"}))
    await eventually(lambda: len(world.invoked) == 1)


async def test_invalid_parameters_are_a_ticket_and_no_call(agent: httpx.AsyncClient, world: World) -> None:
    await deliver(agent, event(annotations={"lambda_function": "pod-restart", "lambda_parameters": "{name: x}"}))
    await said_by(world, "not valid JSON")
    assert world.invoked == []


async def test_without_access_to_the_cluster_no_function_is_called(world: World, variables: dict[str, str]) -> None:
    del variables["KUBECONFIG"]
    async with running(variables) as agent:
        await deliver(agent, event(annotations=CALL))
        await said_by(world, "No Kubernetes API is configured")
    assert world.invoked == []


async def test_a_function_that_recovers_is_retried_with_the_same_event(agent: httpx.AsyncClient, world: World) -> None:
    world.function = answering(httpx.Response(503), httpx.Response(503), httpx.Response(200, json=DONE))
    await deliver(agent, event(annotations=CALL))

    async def succeeded() -> bool:
        return any("Remediation succeeded" in comment for comment in await world.comments())

    await eventually(succeeded)
    assert len(world.invoked) == 3 and len({call.headers["ce-id"] for call in world.invoked}) == 1
    assert len(await world.issues()) == 1


async def test_a_slow_function_is_abandoned_in_time_and_holds_nobody_up(
    world: World, variables: dict[str, str]
) -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    world.function = slow
    async with running(variables, FUNCTION_TIMEOUT="1") as agent:
        await deliver(agent, event(annotations=CALL))
        await eventually(lambda: len(world.invoked) == 1)
        began = time.monotonic()
        await deliver(agent, event(labels={"pod": "p-2"}))
        assert len(await world.issues()) == 2
        assert (await metrics(agent))["agent_sre_active_remediations", ()] == 1

        async def abandoned() -> bool:
            return any("no answer within 1 s" in comment for comment in await world.comments())

        await eventually(abandoned)
        assert time.monotonic() - began >= 0.9 and len(world.invoked) == 1


async def test_a_function_that_keeps_failing_is_left_alone_and_others_are_not(
    world: World, variables: dict[str, str]
) -> None:
    world.function = answering(httpx.Response(404))
    async with running(variables, BREAKER_FAILURES="2", BREAKER_COOLDOWN="30") as agent:
        for number in range(3):
            await deliver(agent, event(annotations=CALL, labels={"pod": f"p-{number}"}))

            async def ticketed(expected: int = 2 * (number + 1)) -> bool:
                return len(await world.issues()) == expected

            await eventually(ticketed)
        assert len(world.invoked) == 2
        assert any("2 times in a row" in issue["description"] for issue in await world.issues())
        await deliver(agent, event(annotations={"lambda_function": "pod-check-status"}, labels={"pod": "p-9"}))
        await eventually(lambda: len(world.invoked) == 3)


# -- as processes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "missing"),
    [("steps.reference.prometheus_events", "K_SINK"), ("steps.reference.agent", "LINEAR_API_KEY")],
)
def test_a_missing_setting_is_one_clear_line_and_exit_code_2(program: str, missing: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", program], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert ended.returncode == 2 and ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1 and f"{missing} (or {missing}_FILE) is not set" in ended.stderr


async def test_a_process_ends_soon_and_logs_what_is_unfinished(tmp_path: Path) -> None:
    key = "lin_api_planted-secret"
    held = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        await held.wait()
        writer.close()

    proxy = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    free = await asyncio.start_server(hold, "127.0.0.1", 0)
    own = free.sockets[0].getsockname()[1]
    free.close()
    environment = {"PATH": os.environ["PATH"], "LINEAR_API_KEY": key, "HTTPS_PROXY": f"http://127.0.0.1:{port}"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "steps.reference.agent", "--port", str(own), env=environment, stdout=subprocess.PIPE
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{own}", timeout=10, trust_env=False) as client:

            async def up() -> bool:
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(up)
            delivery = asyncio.create_task(deliver(client, event()))
            await asyncio.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            (answer,) = await delivery
            assert answer.status_code == 503
            output, _ = await process.communicate()
    finally:
        held.set()
        if process.returncode is None:
            process.kill()
        proxy.close()
    assert process.returncode == 0
    lines = [json.loads(line) for line in output.decode().splitlines()]
    unfinished = [line for line in lines if "unfinished" in line]
    assert unfinished and all(line["correlation_id"] == "corr-1" and line["level"] == "warning" for line in unfinished)
    assert all({"timestamp", "level", "event"} <= set(line) for line in lines)
    assert key not in output.decode()
