"""The Tempo double against its contract (CONTRACTS §5.2), and the driver that reads Tempo."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from steps.drivers import tempo as driver
from steps.drivers.tempo import TempoUnavailable
from steps.world.services.golang import Answer, NotCovered, Refusal
from steps.world.services.otlp import Otlp
from steps.world.services.tempo import SpanContext, Tempo, errors, traceql

NOON = 1_893_499_200.0
"""2030-01-01T12:00:00Z."""
SECOND = 10**9
URL = "http://tempo.tempo.svc.cluster.local:3200"
OTLP_URL = "http://tempo.tempo.svc.cluster.local:4318"


class Desk:
    """A caller of the double, which holds a failing trace, a good one, and one whose root has not come yet."""

    def __init__(self) -> None:
        self.tempo = Tempo()
        put = self.tempo.spans.put
        self.pay = put(
            "checkout",
            "POST /pay",
            NOON,
            NOON + 2,
            resource={"k8s.pod.name": "checkout-1"},
            attributes={"http.status_code": 502},
        )
        self.charge = put("payment", "charge", NOON + 0.5, NOON + 1.5, parent=self.pay, attributes={"retry": True})
        self.query = put(
            "database",
            "SELECT",
            NOON + 1,
            NOON + 1.25,
            parent=self.charge,
            error="deadlock",
            attributes={"db.rows": 0.5},
        )
        self.cache = put("payment", "cache", NOON + 0.6, NOON + 0.7, parent=self.pay, attributes={"tags": ["a", "b"]})
        self.list = put("checkout", "GET /list", NOON - 60, NOON - 59.9, attributes={"http.status_code": 200})
        self.orphan = put("payment", "refund", NOON - 30, NOON - 29, parent=SpanContext("0abc".zfill(32), "12" * 8))

    async def get(self, path: str, accept: str = "application/json", **asked: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.tempo.app), base_url=URL) as client:
            return await client.get(path, params=asked, headers={"accept": accept})

    async def search(self, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.get("/api/search", **asked)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["traces"])

    async def names(self, query: str) -> list[str]:
        """The names of the spans that a query is about."""
        found = await self.search(q=f"{query} | select(name)", spss=0)
        return sorted(span["name"] for trace in found for each in trace["spanSets"] for span in each["spans"])


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(answer: httpx.Response, status: int = 400) -> str:
    """The text of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text.removesuffix("\n")


# -- a trace by its id


async def test_a_trace_is_told_as_otlp_with_ids_in_base64(desk: Desk) -> None:
    batches = (await desk.get(f"/api/traces/{desk.pay.trace_id}")).json()["batches"]
    services = [batch["resource"]["attributes"][0]["value"]["stringValue"] for batch in batches]
    assert services == ["checkout", "payment", "database"]
    [charge, cache] = batches[1]["scopeSpans"][0]["spans"]
    assert charge["traceId"] == base64.b64encode(bytes.fromhex(desk.pay.trace_id)).decode()
    assert charge["parentSpanId"] == base64.b64encode(bytes.fromhex(desk.pay.span_id)).decode()
    assert (charge["name"], charge["kind"], cache["name"]) == ("charge", "SPAN_KIND_SERVER", "cache")
    assert charge["startTimeUnixNano"] == str(round((NOON + 0.5) * SECOND))
    [query] = batches[2]["scopeSpans"][0]["spans"]
    assert query["status"] == {"message": "deadlock", "code": "STATUS_CODE_ERROR"}


async def test_version_2_tells_the_same_trace_in_another_envelope(desk: Desk) -> None:
    first = (await desk.get(f"/api/traces/{desk.pay.trace_id}")).json()
    second = (await desk.get(f"/api/v2/traces/{desk.pay.trace_id}")).json()
    assert second["trace"]["resourceSpans"] == first["batches"]
    assert second["status"] == "COMPLETE"


async def test_a_trace_is_told_in_protobuf_when_asked_for(desk: Desk) -> None:
    answer = await desk.get(f"/api/traces/{desk.pay.trace_id}", "application/protobuf")
    assert answer.headers["content-type"] == "application/protobuf"
    told = TracesData.FromString(answer.content)
    assert {span.name for batch in told.resource_spans for group in batch.scope_spans for span in group.spans} == {
        "POST /pay", "charge", "SELECT", "cache",
    }  # fmt: skip
    assert (await desk.get(f"/api/v2/traces/{desk.pay.trace_id}", "application/protobuf")).status_code == 501


async def test_leading_zeroes_of_a_trace_id_may_be_left_out(desk: Desk) -> None:
    assert (await desk.get("/api/traces/abc")).json() == (await desk.get(f"/api/traces/{'ABC'.zfill(32)}")).json()


@pytest.mark.parametrize("path", ["/api/traces/1234", "/api/v2/traces/1234"])
async def test_a_trace_that_is_not_there_is_404_without_a_body(desk: Desk, path: str) -> None:
    answer = await desk.get(path)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("12g4", "trace IDs can only contain hex characters: invalid character 'g' at position 3"),
        ("1" * 33, "trace IDs can't be larger than 128 bits"),
        ("12?start=5&end=5", "http parameter start must be before end. received start=5 end=5"),
        ("12?start=x", 'invalid start: strconv.ParseInt: parsing "x": invalid syntax'),
    ],
)
async def test_what_is_no_trace_id_is_refused(desk: Desk, asked: str, text: str) -> None:
    path, _, query = asked.partition("?")
    for version in ("/api/traces/", "/api/v2/traces/"):
        assert refused(await desk.get(version + path, **dict(httpx.QueryParams(query)))) == text


async def test_a_span_that_is_sent_twice_is_told_once(desk: Desk) -> None:
    desk.tempo.spans.add(desk.tempo.spans.trace(bytes.fromhex(desk.list.trace_id)).message().resource_spans)  # type: ignore[union-attr]
    [batch] = (await desk.get(f"/api/traces/{desk.list.trace_id}")).json()["batches"]
    assert len(batch["scopeSpans"][0]["spans"]) == 1


def test_spans_keep_the_scope_that_they_came_with(desk: Desk) -> None:
    ids = {"trace_id": b"t" * 16}
    groups = [
        ScopeSpans(
            schema_url="one", spans=[SpanMessage(span_id=b"a" * 8, **ids), SpanMessage(span_id=b"b" * 8, **ids)]
        ),
        ScopeSpans(schema_url="two", spans=[SpanMessage(span_id=b"c" * 8, **ids)]),
    ]
    sent = ResourceSpans(schema_url="here", scope_spans=groups)
    desk.tempo.spans.add([sent])
    trace = desk.tempo.spans.trace(b"t" * 16)
    assert trace is not None
    assert list(trace.message().resource_spans) == [sent]


# -- TraceQL


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("{}", ["GET /list", "POST /pay", "SELECT", "cache", "charge", "refund"]),
        ("{ true }", ["GET /list", "POST /pay", "SELECT", "cache", "charge", "refund"]),
        ("{ status = error }", ["SELECT"]),
        ('{ .service.name = "database" && status = error }', ["SELECT"]),
        ('{ .service.name = "checkout" && status = error }', []),
        ('{ resource.service.name = "payment" }', ["cache", "charge", "refund"]),
        ('{ span.service.name = "payment" }', []),
        ('{ resource.service.name != "payment" }', ["GET /list", "POST /pay", "SELECT"]),
        ('{ name = "charge" || name = `cache` }', ["cache", "charge"]),
        ('{ name =~ "c.*e" }', ["cache", "charge"]),
        ('{ name =~ "c" }', []),
        ('{ name !~ "c.*|.* .*" }', ["SELECT", "refund"]),
        ("{ duration > 1s }", ["POST /pay"]),
        ("{ duration >= 1s }", ["POST /pay", "charge", "refund"]),
        ("{ duration < 250ms }", ["GET /list", "cache"]),
        ("{ duration <= 0.25s && duration > 100000000 }", ["SELECT"]),
        ("{ .http.status_code >= 500 }", ["POST /pay"]),
        ("{ span.http.status_code + 300 = 500 }", ["GET /list"]),
        ("{ .http.status_code != 200 }", ["POST /pay"]),
        ("{ .http.status_code / 2 > 200 }", ["POST /pay"]),
        ("{ .http.status_code % 100 = 2 }", ["POST /pay"]),
        ('{ .http.status_code = "200" }', []),
        ("{ .db.rows > -1 && .db.rows < 2 ^ 0 }", ["SELECT"]),
        ("{ .retry }", ["charge"]),
        ("{ !(.retry = true) && name =~ `c.*` }", ["cache"]),
        ("{ .retry != nil }", ["charge"]),
        ('{ .retry = nil && resource.service.name = "payment" }', ["cache", "refund"]),
        ('{ .tags = "b" }', ["cache"]),
        ('{ .tags =~ "[cd]" }', []),
        ('{ resource.k8s.pod.name = "checkout-1" }', ["POST /pay"]),
        ('{ .k8s.pod.name = "checkout-1" }', ["POST /pay"]),
        ('{ span."http.status_code" = 200 }', ["GET /list"]),
        ('{ statusMessage = "deadlock" }', ["SELECT"]),
        ("{ kind = client }", []),
        ('{ rootServiceName = "checkout" && rootName =~ "GET.*" }', ["GET /list"]),
        ("{ traceDuration > 1s && name =~ `c.*` }", ["cache", "charge"]),
        ('{ trace:rootName = "POST /pay" && span:duration < 200ms }', ["cache"]),
        ('{ trace:id = "abc" }', ["refund"]),
        ('{ name = "charge" } && { status = error }', ["SELECT", "charge"]),
        ('{ name = "refund" } && { status = error }', []),
        ('{ name = "refund" } || { status = error }', ["SELECT", "refund"]),
        ('{ .service.name = "checkout" } > { .service.name = "payment" }', ["cache", "charge"]),
        ('{ .service.name = "checkout" } > { status = error }', []),
        ('{ .service.name = "checkout" } >> { status = error }', ["SELECT"]),
        ('{ status = error } < { name = "charge" }', ["charge"]),
        ('{ status = error } << { name = "POST /pay" }', ["POST /pay"]),
        ('{ name = "charge" } ~ { .service.name = "payment" }', ["cache"]),
        ('({ name = "charge" } || { name = "cache" }) && { name = "refund" }', []),
        ("{} | count() > 2", ["POST /pay", "SELECT", "cache", "charge"]),
        ('{ .service.name = "payment" } | avg(duration) > 0.9s', ["refund"]),
        ("{} | max(duration) < 500ms", ["GET /list"]),
        ("{ -.db.rows < 0 }", ["SELECT"]),
        ("{ -.retry = 1 }", []),
        ("{ .retry + 1 = 2 }", []),
        ("{ .http.status_code / 0 = 1 }", []),
        ("{ .nothing = .neither }", []),
        ("{ .retry > .tags }", []),
        ("{} | sum(.db.rows) = 0.5", ["POST /pay", "SELECT", "cache", "charge"]),
        ("{} | count() > 2 | { status = error }", ["SELECT"]),
    ],
)
async def test_a_query_finds_the_spans_that_it_is_about(desk: Desk, query: str, names: list[str]) -> None:
    assert await desk.names(query) == names


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("{", "parse error at line 1, col 2: syntax error: unexpected $end"),
        ("}", "parse error at line 1, col 1: syntax error: unexpected }, expecting ( or {"),
        ("{ .a = }", "parse error at line 1, col 8: syntax error: unexpected }"),
        ("{ .a }\n{ .b }", "parse error at line 2, col 1: syntax error: unexpected {"),
        ("{ service = 1 }", "parse error at line 1, col 3: unknown identifier: service"),
        ("{ trace:name = 1 }", "parse error at line 1, col 3: unknown identifier: trace:name"),
        ('{ .a = "b }', "parse error at line 1, col 8: literal not terminated"),
        ('{ .a =~ "\\d" }', "parse error at line 1, col 9: invalid char escape"),
        ('{ .a =~ "(?<x" }', "error parsing regexp: "),
        ('{ status = "error" }', "binary operations must operate on the same type: status = `error`"),
        ("{ name = error }", "binary operations must operate on the same type: name = error"),
        ('{ duration > "1s" }', "binary operations must operate on the same type: duration > `1s`"),
        ("{ status > error }", "illegal operation for the given types: status > error"),
        ("{ .a =~ 1 }", "illegal operation for the given types: .a =~ 1"),
        ("{ .a =~ .b }", "illegal operation for the given types: .a =~ .b"),
        ("{ .retry < true }", "illegal operation for the given types: .retry < true"),
        (f"{{ .a = {'9' * 5000} }}", "strconv.ParseInt: parsing "),
        ("{ .a && name }", "illegal operation for the given types: .a && name"),
        ("{ .a > nil }", "binary operations must operate on the same type: .a > nil"),
        ("{ !name }", "illegal operation for the given type: !name"),
        ("{ (1 + 2) * .a }", "span filter field expressions must resolve to a boolean: { (1 + 2) * .a }"),
        ("{ name }", "span filter field expressions must resolve to a boolean: { name }"),
        ("{} | count()", "parse error at line 1, col 13: syntax error: unexpected $end"),
        ('{} | count() > "x"', "aggregate field expressions must resolve to a number type: count()"),
        ("{} | avg(name) > 1", "aggregate field expressions must resolve to a number type: avg(name)"),
    ],
)
async def test_a_query_that_cannot_be_read_is_refused(desk: Desk, query: str, text: str) -> None:
    assert refused(await desk.get("/api/search", q=query)).startswith(f"invalid TraceQL query: {text}")


@pytest.mark.parametrize(
    "query",
    [
        "{} | rate()",
        "{} | by(.a)",
        "{} with (sample=true)",
        "{ event:name = `x` }",
        "{ .a } !> { .b }",
        "{ nestedSetParent < 0 }",
    ],
)
async def test_what_the_double_does_not_know_of_traceql_is_no_refusal_of_tempos(desk: Desk, query: str) -> None:
    assert "The acceptance suite's double does not cover this" in refused(await desk.get("/api/search", q=query), 501)


@pytest.mark.parametrize("hint", ["with (most_recent=true)", "with(most_recent = false)"])
async def test_the_newest_may_be_asked_for(desk: Desk, hint: str) -> None:
    assert await desk.search(q=f"{{ status = error }} | select(name) {hint}") == (
        await desk.search(q="{ status = error } | select(name)")
    )
    assert "syntax error" in refused(await desk.get("/api/search", q=f"{{}} {hint} | count() > 1"))


# -- search


async def test_every_kind_of_value_can_be_shown(desk: Desk) -> None:
    held = {"map": {"a": [1, None]}, "bytes": b"x", "none": None}
    desk.tempo.spans.put("x", "kinds", NOON, NOON + 1, attributes=held)
    [trace] = await desk.search(q='{ name = "kinds" } | select(.map, .bytes, .none)')
    assert trace["spanSets"][0]["spans"][0]["attributes"] == [
        {
            "key": "map",
            "value": {
                "kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}}]}
            },
        },
        {"key": "bytes", "value": {"bytesValue": "eA=="}},
    ]


async def test_a_found_trace_says_what_it_is_and_which_spans_were_looked_for(desk: Desk) -> None:
    [trace] = await desk.search(q='{ resource.service.name = "database" && status = error && duration > 1ms }')
    spans = {
        "spans": [
            {
                "spanID": desk.query.span_id,
                "startTimeUnixNano": str(round((NOON + 1) * SECOND)),
                "durationNanos": "250000000",
                "attributes": [
                    {"key": "service.name", "value": {"stringValue": "database"}},
                    {"key": "status", "value": {"stringValue": "error"}},
                ],
            }
        ],
        "matched": 1,
    }
    assert trace == {
        "traceID": desk.pay.trace_id.lstrip("0"),
        "rootServiceName": "checkout",
        "rootTraceName": "POST /pay",
        "startTimeUnixNano": str(round(NOON * SECOND)),
        "durationMs": 2000,
        "spanSet": spans,
        "spanSets": [spans],
        "serviceStats": {
            "checkout": {"spanCount": 1},
            "payment": {"spanCount": 2},
            "database": {"spanCount": 1, "errorCount": 1},
        },
    }


async def test_a_trace_without_its_root_says_so_and_its_id_has_no_leading_zeroes(desk: Desk) -> None:
    [trace] = await desk.search(q='{ name = "refund" }')
    assert (trace["traceID"], trace["rootServiceName"]) == ("abc", "<root span not yet received>")


async def test_the_newest_traces_come_first_and_within_the_limits(desk: Desk) -> None:
    found = await desk.search(q="{}")
    assert [trace["spanSets"][0]["matched"] for trace in found] == [4, 1, 1]
    assert [len(trace["spanSets"][0]["spans"]) for trace in found] == [3, 1, 1]
    [found] = await desk.search(q="{}", limit=1, spss=2)
    assert found["rootTraceName"] == "POST /pay"
    assert len(found["spanSets"][0]["spans"]) == 2


@pytest.mark.parametrize(
    ("start", "end", "names"),
    [
        (-100, 100, ["POST /pay", "GET /list"]),
        (-100, -40, ["GET /list"]),
        (2, 100, ["POST /pay"]),
        (3, 100, []),
    ],
)
async def test_a_search_is_about_a_time(desk: Desk, start: int, end: int, names: list[str]) -> None:
    found = await desk.search(q='{ .service.name = "checkout" }', start=int(NOON) + start, end=int(NOON) + end)
    assert [trace["rootTraceName"] for trace in found] == names


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["POST /pay", "<root span not yet received>", "GET /list"]),
        ({"tags": "service.name=database error=true"}, ["POST /pay"]),
        ({"tags": "service.name=checkout error=true"}, []),
        ({"tags": 'name="GET /list" http.status_code=200 error=false'}, ["GET /list"]),
        ({"tags": "retry=true"}, ["POST /pay"]),
        ({"tags": "status.code=error"}, ["POST /pay"]),
        ({"tags": "root.service.name=checkout", "minDuration": "1s"}, ["POST /pay"]),
        ({"tags": "service.name=checkout", "maxDuration": "1.9s"}, ["GET /list"]),
        ({"minDuration": "500ms", "maxDuration": "1500ms"}, ["<root span not yet received>"]),
    ],
)
async def test_a_search_may_be_made_by_tags(desk: Desk, asked: dict[str, str], names: list[str]) -> None:
    assert [trace["rootTraceName"] for trace in await desk.search(**asked)] == names


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"q": "{}", "tags": "a=b"}, "invalid request: can't specify tags and q in the same query"),
        ({"tags": 'a="b'}, 'invalid tags: a="b'),
        ({"limit": "0"}, "invalid limit: must be a positive number"),
        ({"limit": "many"}, 'invalid limit: strconv.ParseInt: parsing "many": invalid syntax'),
        ({"spss": "-1"}, "invalid spss: must be a non-negative number"),
        ({"spss": "101"}, "spans per span set exceeds 100. received 101"),
        ({"start": "1.5"}, 'invalid start: strconv.ParseInt: parsing "1.5": invalid syntax'),
        ({"end": "9" * 20}, f'invalid end: strconv.ParseInt: parsing "{"9" * 20}": value out of range'),
        ({"start": "6", "end": "5"}, "http parameter start must be before end. received start=6 end=5"),
        (
            {"start": "1", "end": "604802"},
            "range specified by start and end exceeds 168h0m0s. received start=1 end=604802",
        ),
        ({"minDuration": "fast"}, 'invalid minDuration: time: invalid duration "fast"'),
        ({"minDuration": "5"}, 'invalid minDuration: time: missing unit in duration "5"'),
        ({"maxDuration": "5 parsecs"}, 'invalid maxDuration: time: unknown unit " parsecs" in duration "5 parsecs"'),
        ({"minDuration": "2s", "maxDuration": "1s"}, "invalid maxDuration: must be greater than minDuration"),
    ],
)
async def test_parameters_that_cannot_be_are_refused(desk: Desk, asked: dict[str, str], text: str) -> None:
    assert refused(await desk.get("/api/search", **asked)) == text


# -- tags and the rest


async def test_the_names_of_tags_are_told_by_scope(desk: Desk) -> None:
    names = (await desk.get("/api/search/tags")).json()["tagNames"]
    assert names == ["db.rows", "http.status_code", "k8s.pod.name", "retry", "service.name", "tags"]
    scopes = {scope["name"]: scope["tags"] for scope in (await desk.get("/api/v2/search/tags")).json()["scopes"]}
    assert scopes["resource"] == ["k8s.pod.name", "service.name"]
    assert "retry" in scopes["span"]
    assert "status" in scopes["intrinsic"]
    answer = await desk.get("/api/v2/search/tags", scope="resource")
    assert answer.json() == {"scopes": [{"name": "resource", "tags": ["k8s.pod.name", "service.name"]}]}
    assert refused(await desk.get("/api/v2/search/tags", scope="universe")) == "invalid scope: universe"


async def test_the_values_of_a_tag_are_told(desk: Desk) -> None:
    answer = await desk.get("/api/search/tag/service.name/values")
    assert answer.json() == {"tagValues": ["checkout", "database", "payment"]}
    answer = await desk.get("/api/v2/search/tag/resource.service.name/values", q="{ status = error }")
    assert answer.json() == {"tagValues": [{"type": "string", "value": "database"}]}
    answer = await desk.get("/api/v2/search/tag/.http.status_code/values")
    assert answer.json() == {"tagValues": [{"type": "int", "value": "200"}, {"type": "int", "value": "502"}]}
    answer = await desk.get("/api/v2/search/tag/.retry/values")
    assert answer.json() == {"tagValues": [{"type": "bool", "value": "true"}]}
    answer = await desk.get("/api/v2/search/tag/status/values")
    assert {"type": "keyword", "value": "error"} in answer.json()["tagValues"]
    answer = await desk.get("/api/v2/search/tag/name/values", q='{ .service.name = "database" }')
    assert answer.json() == {"tagValues": [{"type": "string", "value": "SELECT"}]}
    text = refused(await desk.get("/api/v2/search/tag/service.name/values"))
    assert text == "tag name is not valid intrinsic or scoped attribute: service.name"
    assert refused(await desk.get("/api/v2/search/tag/name/values", q="{")).startswith("invalid TraceQL query: ")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/api/echo", 200, "echo"),
        ("/ready", 200, "ready\n"),
        ("/nothing", 404, "404 page not found\n"),
        (
            "/api/metrics/query_range",
            501,
            "The acceptance suite's double does not cover this: GET /api/metrics/query_range.\n",
        ),
    ],
)
async def test_the_other_doors(desk: Desk, path: str, status: int, text: str) -> None:
    answer = await desk.get(path)
    assert (answer.status_code, answer.text) == (status, text)


async def test_tempo_says_what_it_is(desk: Desk) -> None:
    assert (await desk.get("/api/status/buildinfo")).json()["version"] == "2.8.2"


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (errors.bad_query(), 400, "invalid TraceQL query: parse error at line 1, col 1: "),
        (errors.not_found(), 404, ""),
        (errors.trace_too_large(), 422, "trace exceeds max size"),
        (errors.too_many_requests(), 429, "job queue full"),
        (errors.internal(), 500, "error querying store"),
        (errors.unavailable(), 503, "Service Unavailable"),
        (errors.timed_out(), 504, "context deadline exceeded"),
    ],
)
def test_errors_are_plain_text(answer: Answer, status: int, text: str) -> None:
    assert answer.status == status
    assert answer.body.decode().startswith(text)
    assert dict(answer.headers).get("content-type", "text/plain; charset=utf-8") == "text/plain; charset=utf-8"


# -- the language as a whole

fields = st.sampled_from([".a", "span.b.c", "resource.d", '."e f"'])
values = st.one_of(
    st.integers(0, 10**6).map(str),
    st.sampled_from(["`text`", '"té\\n"', "1.5", "true", "250ms", "1h30m", "error", "server"]),
)
DESK = Desk()
conditions = st.recursive(
    st.tuples(fields, st.sampled_from(["=", "!="]), values).map(" ".join),
    lambda inner: st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda each: f"({' '.join(each)})"),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(conditions)
def test_a_query_means_the_same_as_it_is_written(condition: str) -> None:
    [step] = traceql.read(f"{{ {condition} }}").steps
    again = str(step.condition).replace(".e f", '."e f"').replace("\n", "\\n").replace("`té\\n`", '"té\\n"')  # type: ignore[attr-defined]
    assert traceql.read(f"{{{again}}}") == traceql.read(f"{{ {condition} }}")


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from(' {}()|&=!~<>"`\\.,-+*/%^0123456789msabspanresourcestatuserrorname\n:'), max_size=40))
def test_whatever_is_asked_is_read_or_refused(text: str) -> None:
    try:
        query = traceql.read(text)
    except (Refusal, NotCovered) as refusal:
        assert str(refusal)
    else:
        for trace in DESK.tempo.spans.traces():
            assert set(query.spans(trace)) <= set(trace.spans)


# -- the driver


@pytest.fixture
def reader() -> Iterator[driver.Tempo]:
    with httpx.Client() as client:
        yield driver.Tempo(client, f"{URL}/", OTLP_URL)


class Direct(httpx.BaseTransport):
    """The double without a network, for a client that blocks."""

    def __init__(self, tempo: Tempo) -> None:
        self._tempo = tempo

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._tempo.app)) as client:
                return await client.send(request)

        answered = asyncio.run(answer())
        return httpx.Response(answered.status_code, headers=answered.headers, content=answered.content)


def test_the_driver_and_the_double_understand_each_other() -> None:
    desk = Desk()
    with httpx.Client(transport=Direct(desk.tempo)) as client:
        reader = driver.Tempo(client, URL, OTLP_URL)
        pay, charge, _, query = reader.trace(desk.pay.trace_id)
        assert (pay.name, pay.parent_id, pay.error, pay.attributes) == (
            "POST /pay",
            None,
            None,
            {"http.status_code": 502},
        )
        assert pay.resource == {"service.name": "checkout", "k8s.pod.name": "checkout-1"}
        assert (pay.start, pay.end) == (NOON, NOON + 2)
        assert (charge.parent_id, charge.attributes) == (desk.pay.span_id, {"retry": True})
        assert (query.trace_id, query.span_id) == desk.query
        assert (query.service, query.error, query.attributes) == ("database", "deadlock", {"db.rows": 0.5})
        kinds = desk.tempo.spans.put("x", "kinds", NOON, NOON, attributes={"map": {"a": [1, None]}, "none": None})
        assert reader.trace(kinds.trace_id)[0].attributes == {"map": {"a": [1, None]}, "none": None}
        assert reader.trace("1234") == []
        found = reader.search("{ status = error }", NOON - 0.5, NOON + 0.5)
        assert found == [driver.Found(desk.pay.trace_id, "checkout", "POST /pay", NOON, 2, 1)]
        assert reader.search("{ status = error }", NOON + 3, NOON + 4) == []
        assert reader.search('{ name = "refund" }')[0].trace_id == "abc".zfill(32)
        with pytest.raises(TempoUnavailable, match="with 400: 'invalid TraceQL query"):
            reader.search("{")


def test_the_driver_reads_ids_in_hexadecimal_as_well(reader: driver.Tempo) -> None:
    span = {
        "traceId": "AB" * 16,
        "spanId": "cd" * 8,
        "startTimeUnixNano": "0",
        "endTimeUnixNano": "5",
        "status": {"code": 2},
    }
    trace = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    with respx.mock as router:
        router.get(f"{URL}/api/v2/traces/{'ab' * 16}").respond(json={"trace": trace})
        [read] = reader.trace("ab" * 16)
    assert (read.trace_id, read.span_id, read.error) == ("ab" * 16, "cd" * 8, "")


def test_the_driver_does_not_pass_over_traces_silently(reader: driver.Tempo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "LIMIT", 1)
    with respx.mock as router:
        router.get(f"{URL}/api/search").respond(json={"traces": [{"traceID": "1", "startTimeUnixNano": "1"}]})
        with pytest.raises(TempoUnavailable, match="finds 1 traces or more: ask for fewer"):
            reader.search("{}")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.ReadTimeout("timed out"), "Tempo could not be asked for /api/.*: timed out."),
        (httpx.Response(422, text="trace exceeds max size\n"), "with 422: 'trace exceeds max size'."),
        (httpx.Response(503, text="x" * 500), "with 503: '" + "x" * 199 + r"\."),
        (httpx.Response(200, text="<html>"), "with something else.*: '<html>'"),
        (httpx.Response(200, json=[]), "with something else"),
    ],
)
def test_the_driver_says_why_tempo_cannot_be_read(reader: driver.Tempo, answer: Any, sentence: str) -> None:
    with respx.mock as router:
        route = router.get(url__startswith=URL)
        route.mock(side_effect=answer) if isinstance(answer, Exception) else route.mock(return_value=answer)
        with pytest.raises(TempoUnavailable, match=sentence):
            reader.trace("1234")
        with pytest.raises(TempoUnavailable, match=sentence):
            reader.search("{}")


def test_a_tempo_that_does_not_know_how_to_search_is_no_empty_result(reader: driver.Tempo) -> None:
    with respx.mock as router:
        router.get(f"{URL}/api/search").respond(404)
        with pytest.raises(TempoUnavailable, match="does not know /api/search: look at its address"):
            reader.search("{}")


def test_spans_that_the_driver_pushes_are_read_again() -> None:
    tempo = Tempo()
    tempo.app.router.routes.extend(Otlp(tempo.spans).app.routes)
    root = driver.Span("ab" * 16, "cd" * 8, None, "shop", "GET /", NOON, NOON + 1, None, {}, {"k8s.pod.name": "p"})
    child = replace(root, span_id="ef" * 8, parent_id=root.span_id, error="refused", attributes={"n": "1"})
    with httpx.Client(transport=Direct(tempo)) as client:
        reader = driver.Tempo(client, URL, OTLP_URL)
        reader.push([root, child])
        own = {"resource": {"service.name": "shop", "k8s.pod.name": "p"}}
        assert reader.trace(root.trace_id) == [replace(root, **own), replace(child, **own)]
        with pytest.raises(TempoUnavailable, match="did not take the spans: 400"):
            reader.push([replace(root, trace_id="xyz")])


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(200, json={"partialSuccess": {"rejectedSpans": "1"}})]
)
def test_spans_that_tempo_does_not_take_are_no_silent_loss(reader: driver.Tempo, answer: httpx.Response) -> None:
    with respx.mock as router:
        router.post(f"{OTLP_URL}/v1/traces").mock(return_value=answer)
        with pytest.raises(TempoUnavailable, match="did not take the spans"):
            reader.push([])
        router.post(f"{OTLP_URL}/v1/traces").mock(side_effect=httpx.ConnectError("refused"))
        with pytest.raises(TempoUnavailable, match="could not be given spans: refused"):
            reader.push([])
