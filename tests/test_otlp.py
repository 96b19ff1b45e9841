"""The OTLP receiver against its contract (CONTRACTS §11): over gRPC and HTTP, in protobuf and JSON."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import httpx
import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord as ApiLogRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status as SpanStatus
from opentelemetry.trace import StatusCode

from steps.world.loop import Loop
from steps.world.services import otlp
from steps.world.services.otlp import LogRecord, Otlp
from steps.world.services.tempo import SpanStore, Tempo

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "agent-sre"}}]}


@pytest.fixture
def spans() -> SpanStore:
    return SpanStore()


@pytest.fixture
def receiver(spans: SpanStore) -> Otlp:
    return Otlp(spans)


@pytest.fixture
async def address(receiver: Otlp) -> AsyncIterator[str]:
    async with receiver.serve() as address:
        yield address


async def post(receiver: Otlp, body: Any, signal: str = "traces", **headers: str) -> httpx.Response:
    """The answer to a request; what is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), {"content_type": JSON} | headers
    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver.app), base_url="http://tempo:4318") as client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(f"/v1/{signal}", content=body, headers=given)


def in_json(**span: Any) -> dict[str, Any]:
    told = {"traceId": TRACE, "spanId": SPAN, "name": "handle", "kind": 2, "startTimeUnixNano": "1893499200000000000"}
    told = {name: value for name, value in (told | span).items() if value is not None}
    return {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"spans": [told]}]}]}


def in_protobuf(
    trace_id: bytes = bytes.fromhex(TRACE), span_id: bytes = bytes.fromhex(SPAN)
) -> ExportTraceServiceRequest:
    span = Span(trace_id=trace_id, span_id=span_id, name="handle")
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])])


def names(spans: SpanStore) -> list[str]:
    return [span.message.name for trace in spans.traces() for span in trace.spans]


# -- HTTP


async def test_spans_in_json_have_ids_in_hexadecimal(receiver: Otlp, spans: SpanStore) -> None:
    sent = in_json(traceId=TRACE.upper(), parentSpanId="ab" * 8, links=[{"traceId": "cd" * 16, "spanId": "ef" * 8}])
    answer = await post(receiver, sent)
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, JSON, {})
    trace = spans.trace(bytes.fromhex(TRACE))
    assert trace is not None
    [span] = trace.spans
    assert (span.service, span.message.name, span.message.kind) == ("agent-sre", "handle", Span.SPAN_KIND_SERVER)
    assert span.message.span_id == bytes.fromhex(SPAN)
    assert span.message.parent_span_id == b"\xab" * 8
    assert span.message.links[0].trace_id == b"\xcd" * 16
    assert span.message.start_time_unix_nano == 1893499200 * 10**9


@pytest.mark.parametrize(
    ("encoding", "packed"), [("", bytes), ("identity", bytes), ("gzip", gzip.compress)], ids=["", "identity", "gzip"]
)
async def test_spans_in_protobuf_are_taken(
    receiver: Otlp, spans: SpanStore, encoding: str, packed: Callable[[bytes], bytes]
) -> None:
    body = packed(in_protobuf().SerializeToString())
    answer = await post(receiver, body, content_type=f"{PROTOBUF}; v=1", content_encoding=encoding)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, PROTOBUF, b"")
    assert names(spans) == ["handle"]


async def test_tempo_serves_the_spans_that_were_received(receiver: Otlp, spans: SpanStore) -> None:
    await post(receiver, in_json())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Tempo(spans).app), base_url="http://tempo:3200"
    ) as client:
        answer = await client.get("/api/search", params={"q": '{ resource.service.name = "agent-sre" }'})
    assert [trace["traceID"] for trace in answer.json()["traces"]] == [TRACE]


async def test_what_otlp_does_not_know_is_passed_over(receiver: Otlp, spans: SpanStore) -> None:
    answer = await post(receiver, in_json(colour="red", trace_state="a=b", status={"mood": "fine"}))
    assert answer.json() == {}
    [trace] = spans.traces()
    assert trace.spans[0].message.trace_state == ""  # its name is traceState


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"{", "invalid JSON: "),
        (b"[]", "the request is not a JSON object"),
        (b"[" * 100_000, "invalid JSON: "),
        (b"\xff", "invalid JSON: "),
        ({"resourceSpans": 5}, "resourceSpans"),
        (in_json(traceId="W47/95gDgQPSabYzgT/GDA=="), "traceId is not hexadecimal: 'W47/95gDgQPSabYzgT/GDA=='"),
        (in_json(spanId="eee1 9b7e c3c1 b174"), "spanId is not hexadecimal"),
        (in_json(traceId="abcd"), "traceId must have 32 digits: 'abcd'"),
        (in_json(parentSpanId="abcd"), "parentSpanId must have 16 digits: 'abcd'"),
        (in_json(traceId=None), "trace ids must be 128 bit, received 0 bits"),
        (in_json(spanId=None), "span ids must be 64 bit, received 0 bits"),
        (in_json(kind="SPAN_KIND_SERVER"), "kind must be the number of the enumeration, not 'SPAN_KIND_SERVER'"),
        (in_json(status={"code": "STATUS_CODE_ERROR"}), "code must be the number of the enumeration"),
        (in_json(startTimeUnixNano="noon"), "startTimeUnixNano"),
        (in_json(name=5), "name"),
        (in_json(name="\ud83d"), ""),
    ],
)
async def test_json_that_is_not_otlps_is_refused(receiver: Otlp, spans: SpanStore, sent: Any, text: str) -> None:
    answer = await post(receiver, sent, content_type=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (400, JSON)
    assert text in answer.json()["message"]
    assert names(spans) == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xff\xff", ""),
        (in_protobuf(trace_id=b"short").SerializeToString(), "trace ids must be 128 bit, received 40 bits"),
        (in_protobuf(span_id=b"").SerializeToString(), "span ids must be 64 bit, received 0 bits"),
    ],
)
async def test_protobuf_that_is_not_otlps_is_refused_in_protobuf(
    receiver: Otlp, spans: SpanStore, body: bytes, text: str
) -> None:
    answer = await post(receiver, body, content_type=PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROTOBUF)
    assert text in Status.FromString(answer.content).message
    assert names(spans) == []


async def test_spans_whose_id_is_only_zeroes_are_rejected_and_the_others_taken(
    receiver: Otlp, spans: SpanStore
) -> None:
    sent = in_json()
    group = sent["resourceSpans"][0]["scopeSpans"][0]["spans"]
    group += [group[0] | {"traceId": "0" * 32}, group[0] | {"spanId": "0" * 16}]
    answer = await post(receiver, sent)
    assert answer.status_code == 200
    assert answer.json() == {
        "partialSuccess": {"rejectedSpans": "2", "errorMessage": "An id with only zeroes is not valid."}
    }
    assert names(spans) == ["handle"]


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({}, 415, "415 unsupported media type, supported: [application/json, application/x-protobuf]"),
        ({"content_type": "text/plain"}, 415, "415 unsupported media type"),
        ({"content_type": JSON, "content_encoding": "br"}, 400, "unsupported Content-Encoding: br"),
        ({"content_type": JSON, "content_encoding": "gzip"}, 400, "gzip: invalid header"),
    ],
)
async def test_a_request_in_another_form_is_refused(
    receiver: Otlp, headers: dict[str, str], status: int, text: str
) -> None:
    answer = await post(receiver, b"{}", **headers)
    assert answer.status_code == status
    assert text in answer.text


async def test_a_gzip_that_ends_too_early_is_refused(receiver: Otlp) -> None:
    answer = await post(receiver, gzip.compress(b"{}")[:-4], content_type=JSON, content_encoding="gzip")
    assert (answer.status_code, answer.json()["message"]) == (400, "unexpected EOF")


@pytest.mark.parametrize(("encoding", "packed"), [("", bytes), ("gzip", gzip.compress)], ids=["plain", "gzip"])
async def test_a_body_may_not_be_too_large(
    receiver: Otlp, monkeypatch: pytest.MonkeyPatch, encoding: str, packed: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(otlp, "LARGEST_BODY", 100)
    answer = await post(receiver, packed(b"{%s}" % (b" " * 98)), content_type=JSON, content_encoding=encoding)
    assert answer.status_code == 200
    answer = await post(receiver, packed(b"{%s}" % (b" " * 99)), content_type=JSON, content_encoding=encoding)
    assert (answer.status_code, answer.json()["message"]) == (413, "request body too large")


async def test_only_post_is_allowed(receiver: Otlp) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver.app), base_url="http://tempo:4318") as client:
        answer = await client.get("/v1/traces")
        assert (answer.status_code, answer.text) == (405, "405 method not allowed, supported: [POST]")
        assert (await client.post("/v1/profiles")).status_code == 404


async def test_metrics_are_kept_with_their_attributes(receiver: Otlp) -> None:
    attributes = [{"key": "alertname", "value": {"stringValue": "PodDown"}}]
    at = {"timeUnixNano": "1893499200500000000", "attributes": attributes}
    metrics = [
        {"name": "attempts", "sum": {"aggregationTemporality": 2, "dataPoints": [{"asInt": "3", **at}]}},
        {"name": "attempts", "sum": {"aggregationTemporality": 2, "dataPoints": [{"asInt": "4", **at}]}},
        {"name": "active", "gauge": {"dataPoints": [{"asDouble": 0.5, **at}]}},
        {"name": "duration", "histogram": {"dataPoints": [{"sum": 7.5, "count": "3", **at}]}},
        {"name": "nothing"},
    ]
    answer = await post(
        receiver, {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": metrics}]}]}, "metrics"
    )
    assert (answer.status_code, answer.json()) == (200, {})
    first, second = receiver.points("attempts")
    assert (first.value, first.count, second.value) == (3, None, 4)
    assert (first.attributes, first.resource) == ({"alertname": "PodDown"}, {"service.name": "agent-sre"})
    assert first.at == 1893499200.5
    assert [point.value for point in receiver.points("active")] == [0.5]
    assert [(point.value, point.count) for point in receiver.points("duration")] == [(7.5, 3)]
    assert receiver.points("unheard") == []
    assert receiver.metric_names() == ["active", "attempts", "duration"]


async def test_log_records_are_kept_with_their_trace(receiver: Otlp) -> None:
    body = {"kvlistValue": {"values": [{"key": "event", "value": {"arrayValue": {"values": [{"intValue": "5"}]}}}]}}
    record = {
        "timeUnixNano": "1893499200500000000",
        "severityText": "ERROR",
        "body": body,
        "traceId": TRACE,
        "spanId": SPAN,
    }
    sent = {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": [record, {}]}]}]}
    assert (await post(receiver, sent, "logs")).json() == {}
    resource = {"service.name": "agent-sre"}
    assert receiver.log_records() == [
        LogRecord({"event": [5]}, "ERROR", {}, resource, TRACE, SPAN, 1893499200.5),
        LogRecord(None, "", {}, resource, "", "", 0),
    ]


async def test_log_records_with_bad_ids_are_refused(receiver: Otlp) -> None:
    sent = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": "abcd"}]}]}]}
    assert (await post(receiver, sent, "logs")).status_code == 400
    assert receiver.log_records() == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "kind", "attributes", "value"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(anything)
def test_whatever_is_sent_is_taken_or_refused(sent: Any) -> None:
    answer = asyncio.run(post(Otlp(SpanStore()), sent))
    assert answer.status_code in (200, 400)


# -- gRPC


async def test_spans_are_taken_over_grpc(spans: SpanStore, address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await TraceServiceStub(channel).Export(in_protobuf(), compression=grpc.Compression.Gzip)
    assert answer == ExportTraceServiceResponse()
    assert names(spans) == ["handle"]


async def test_zero_ids_are_a_partial_success_over_grpc(spans: SpanStore, address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await TraceServiceStub(channel).Export(in_protobuf(span_id=bytes(8)))
    assert answer.partial_success.rejected_spans == 1
    assert names(spans) == []


async def test_spans_that_are_not_valid_are_refused_over_grpc(spans: SpanStore, address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await TraceServiceStub(channel).Export(in_protobuf(trace_id=b"short"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == "trace ids must be 128 bit, received 40 bits"
    assert names(spans) == []


def test_the_grpc_port_is_closed_in_the_end_and_leaves_no_thread(receiver: Otlp, spans: SpanStore) -> None:
    """As the world runs it: on a loop of its own, more than once in a process."""
    before = set(threading.enumerate())
    for _ in range(2):
        with Loop() as loop:
            serving = receiver.serve()
            address = loop.run(serving.__aenter__())
            with grpc.insecure_channel(address) as channel:
                TraceServiceStub(channel).Export(in_protobuf())
            loop.run(serving.__aexit__(None, None, None))
        host, _, port = address.partition(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))
    del channel, serving
    gc.collect()
    assert set(threading.enumerate()) <= before
    assert names(spans) == ["handle"]


@pytest.mark.parametrize("turns", range(4))
def test_a_start_that_is_cancelled_leaves_no_server(
    turns: int, receiver: Otlp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that still runs when its loop is closed complains on standard error, in the midst of the report."""
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    async def begin() -> None:
        async with receiver.serve():
            await asyncio.Event().wait()

    async def cancelled() -> asyncio.Task[None]:
        beginning = asyncio.create_task(begin())
        for _ in range(turns):
            await asyncio.sleep(0)
        beginning.cancel()
        await asyncio.wait([beginning])
        return beginning

    beginning = asyncio.run(cancelled())
    assert beginning.cancelled()
    del beginning
    gc.collect()
    assert complaints == []


async def test_the_sdk_exports_spans_metrics_and_logs(receiver: Otlp, spans: SpanStore, address: str) -> None:
    """What an agent uses: OpenTelemetry's own SDK, which waits for the answers."""
    resource = Resource({"service.name": "agent-sre"})
    endpoint = f"http://{address}"

    def export() -> str:
        tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint, insecure=True)))
        with tracers.get_tracer("agent").start_as_current_span("remediate") as span:
            span.set_attribute("correlation_id", "v0123456789ab")
            span.set_status(SpanStatus(StatusCode.ERROR, "refused"))
        tracers.shutdown()
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint, insecure=True))
        meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        counter = meters.get_meter("agent").create_counter("agent_sre_remediation_attempts_total")
        counter.add(2, {"status": "success"})
        meters.shutdown()
        loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
        loggers.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(endpoint, insecure=True)))
        record = ApiLogRecord(body="it failed", severity_text="ERROR", severity_number=SeverityNumber.ERROR)
        loggers.get_logger("agent").emit(record)
        loggers.shutdown()
        return f"{span.get_span_context().trace_id:032x}"

    trace = spans.trace(bytes.fromhex(await asyncio.to_thread(export)))
    assert trace is not None
    [span] = trace.spans
    assert (span.service, span.message.name, span.failed) == ("agent-sre", "remediate", True)
    assert span.attributes == {"correlation_id": "v0123456789ab"}
    [point] = receiver.points("agent_sre_remediation_attempts_total")
    assert (point.value, point.attributes) == (2, {"status": "success"})
    [record] = receiver.log_records()
    assert (record.body, record.severity, record.resource["service.name"]) == ("it failed", "ERROR", "agent-sre")
