"""Where telemetry is sent: OpenTelemetry's protocol over gRPC and over HTTP (CONTRACTS §11)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from google.protobuf.message import DecodeError, Message
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from steps.world.services.tempo.spans import SECOND, SpanStore, Value, attributes, value_of

PROTOBUF, JSON = "application/x-protobuf", "application/json"
LARGEST_BODY = 64 * 2**20
"""Bytes that a request may have, as sent and when inflated."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
TRACE_ID, SPAN_ID = 16, 8
"""Bytes of an id."""
IDS = {"traceId": TRACE_ID, "spanId": SPAN_ID, "parentSpanId": SPAN_ID}
ENUMS = ("kind", "code", "severityNumber", "aggregationTemporality")

Asked = TypeVar("Asked", bound=Message)
Told = TypeVar("Told", bound=Message)


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a metric. Of a histogram or summary `value` is the sum of the `count` numbers in it."""

    name: str
    value: float
    count: int | None
    attributes: dict[str, Value]
    resource: dict[str, Value]
    at: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of a log; ids in hexadecimal, empty when it belongs to no span."""

    body: Value
    severity: str
    attributes: dict[str, Value]
    resource: dict[str, Value]
    trace_id: str
    span_id: str
    at: float
    """Epoch seconds."""


class InvalidError(Exception):
    """What was sent is not valid, and will not be when it is sent again."""


class TooLargeError(Exception):
    """The request has more than `LARGEST_BODY` bytes."""


@dataclass(frozen=True, slots=True)
class Signal(Generic[Asked, Told]):
    """Traces, metrics or logs: the names of its doors, what comes in and what is answered."""

    path: str
    service: str
    asked: type[Asked]
    take: Callable[[Asked], Told]
    """Raises InvalidError."""


class Otlp:
    """A receiver: `app` is the ASGI application of its HTTP port, `serve` opens its gRPC port.

    Spans go into the store, metrics and logs are kept here. What it holds may be read from any thread.
    """

    def __init__(self, spans: SpanStore) -> None:
        self._spans = spans
        self._lock = threading.Lock()
        self._points: dict[str, list[Point]] = {}
        self._records: list[LogRecord] = []
        self._signals: list[Signal[Any, Any]] = [
            Signal("traces", "trace.v1.TraceService", ExportTraceServiceRequest, self._take_traces),
            Signal("metrics", "metrics.v1.MetricsService", ExportMetricsServiceRequest, self._take_metrics),
            Signal("logs", "logs.v1.LogsService", ExportLogsServiceRequest, self._take_logs),
        ]
        self.app = Starlette(
            routes=[Route(f"/v1/{signal.path}", _http(signal), methods=METHODS) for signal in self._signals]
        )

    def points(self, name: str) -> list[Point]:
        """What was received of the metric with that name, in the order of arrival."""
        with self._lock:
            return list(self._points.get(name, ()))

    def metric_names(self) -> list[str]:
        """The metrics of which something was received."""
        with self._lock:
            return sorted(self._points)

    def log_records(self) -> list[LogRecord]:
        """The log records, in the order of arrival."""
        with self._lock:
            return list(self._records)

    @contextlib.asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[str]:
        """Serves gRPC, without TLS, on that loopback port or any, in the running loop; gives ``host:port``."""
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers([_grpc(signal) for signal in self._signals])
        port = server.add_insecure_port(f"127.0.0.1:{port}")
        starting = asyncio.create_task(server.start(), name="start of gRPC")
        try:
            await asyncio.shield(starting)  # gRPC cannot stop a server whose start was cancelled
            yield f"127.0.0.1:{port}"
        finally:
            await starting
            await server.stop(None)

    # what comes in

    def _take_traces(self, request: ExportTraceServiceRequest) -> ExportTraceServiceResponse:
        groups = [group for batch in request.resource_spans for group in batch.scope_spans]
        for group in groups:
            for span in group.spans:
                _require_id("trace", span.trace_id, TRACE_ID)
                _require_id("span", span.span_id, SPAN_ID)
        rejected = 0
        for group in groups:
            good = [span for span in group.spans if any(span.trace_id) and any(span.span_id)]
            rejected += len(group.spans) - len(good)
            del group.spans[:]
            group.spans.extend(good)
        self._spans.add(request.resource_spans)
        if not rejected:
            return ExportTraceServiceResponse()
        return ExportTraceServiceResponse(
            partial_success=ExportTracePartialSuccess(
                rejected_spans=rejected, error_message="An id with only zeroes is not valid."
            )
        )

    def _take_metrics(self, request: ExportMetricsServiceRequest) -> ExportMetricsServiceResponse:
        points = [
            point
            for batch in request.resource_metrics
            for group in batch.scope_metrics
            for metric in group.metrics
            for point in _points(metric, attributes(batch.resource.attributes))
        ]
        with self._lock:
            for point in points:
                self._points.setdefault(point.name, []).append(point)
        return ExportMetricsServiceResponse()

    def _take_logs(self, request: ExportLogsServiceRequest) -> ExportLogsServiceResponse:
        records = [
            _record(record, attributes(batch.resource.attributes))
            for batch in request.resource_logs
            for group in batch.scope_logs
            for record in group.log_records
        ]
        with self._lock:
            self._records += records
        return ExportLogsServiceResponse()


def _require_id(of: str, given: bytes, size: int) -> None:
    if len(given) != size:
        raise InvalidError(f"{of} ids must be {size * 8} bit, received {len(given) * 8} bits")


def _record(record: logs_pb2.LogRecord, resource: dict[str, Value]) -> LogRecord:
    if record.trace_id:
        _require_id("trace", record.trace_id, TRACE_ID)
    if record.span_id:
        _require_id("span", record.span_id, SPAN_ID)
    return LogRecord(
        value_of(record.body),
        record.severity_text,
        attributes(record.attributes),
        resource,
        record.trace_id.hex(),
        record.span_id.hex(),
        (record.time_unix_nano or record.observed_time_unix_nano) / SECOND,
    )


def _points(metric: Metric, resource: dict[str, Value]) -> Iterator[Point]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    for point in getattr(metric, kind).data_points:
        if kind in ("gauge", "sum"):
            value, count = getattr(point, point.WhichOneof("value") or "as_int"), None
        else:
            value, count = point.sum, point.count
        yield Point(metric.name, value, count, attributes(point.attributes), resource, point.time_unix_nano / SECOND)


def _grpc(signal: Signal[Asked, Told]) -> grpc.GenericRpcHandler:
    """The gRPC service of a signal; what is not valid is INVALID_ARGUMENT."""

    async def export(request: Asked, context: grpc.aio.ServicerContext[Asked, Told]) -> Told:
        try:
            return signal.take(request)
        except InvalidError as mistake:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(mistake))

    handler: grpc.RpcMethodHandler[Asked, Told] = grpc.unary_unary_rpc_method_handler(
        export,
        request_deserializer=signal.asked.FromString,
        response_serializer=lambda told: told.SerializeToString(),
    )
    return grpc.method_handlers_generic_handler(f"opentelemetry.proto.collector.{signal.service}", {"Export": handler})


def _http(signal: Signal[Asked, Told]) -> Callable[[Request], Any]:
    """The HTTP door of a signal; what is not valid is 400, and told in the encoding of the request."""

    async def export(request: Request) -> Response:
        if request.method != "POST":
            return _text(405, "method not allowed, supported: [POST]")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in (PROTOBUF, JSON):
            return _text(415, f"unsupported media type, supported: [{JSON}, {PROTOBUF}]")
        try:
            body = _inflated(request.headers.get("content-encoding", ""), await _body(request))
            asked = signal.asked.FromString(body) if media_type == PROTOBUF else _from_json(body, signal.asked())
            return _encoded(200, signal.take(asked), media_type)
        except TooLargeError:
            return _encoded(413, Status(code=Code.RESOURCE_EXHAUSTED, message="request body too large"), media_type)
        except (InvalidError, DecodeError, ParseError) as mistake:
            return _encoded(400, Status(code=Code.INVALID_ARGUMENT, message=str(mistake)), media_type)

    return export


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLargeError
    return bytes(body)


def _inflated(encoding: str, body: bytes) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise InvalidError(f"unsupported Content-Encoding: {encoding}")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        inflated = inflater.decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise InvalidError("gzip: invalid header") from None
    if len(inflated) > LARGEST_BODY:
        raise TooLargeError
    if not inflater.eof:
        raise InvalidError("unexpected EOF")
    return inflated


def _from_json(body: bytes, asked: Asked) -> Asked:
    """The message in OTLP's JSON: ids in hexadecimal, enumerations as numbers, names in lowerCamelCase only."""
    try:
        given = _as_protobuf_json(json.loads(body))
    except (ValueError, RecursionError) as mistake:
        raise InvalidError(f"invalid JSON: {mistake}") from None
    if not isinstance(given, dict):
        raise InvalidError("the request is not a JSON object")
    return ParseDict(given, asked, ignore_unknown_fields=True)


def _as_protobuf_json(given: Any) -> Any:
    """OTLP's JSON as protobuf's own, whose ids are base64; a name with `_` is one that OTLP does not know."""
    if isinstance(given, list):
        return [_as_protobuf_json(each) for each in given]
    if not isinstance(given, dict):
        return given
    return {name: _field(name, value) for name, value in given.items() if "_" not in name}


def _field(name: str, value: Any) -> Any:
    if name in IDS and isinstance(value, str):
        try:
            raw = base64.b16decode(value, casefold=True)
        except ValueError:
            raise InvalidError(f"{name} is not hexadecimal: {value!r}") from None
        if len(raw) not in (0, IDS[name]):
            raise InvalidError(f"{name} must have {IDS[name] * 2} digits: {value!r}")
        return base64.b64encode(raw).decode()
    if name in ENUMS and isinstance(value, str) and not value.isdecimal():
        raise InvalidError(f"{name} must be the number of the enumeration, not {value!r}")
    return _as_protobuf_json(value)


def _encoded(status: int, message: Message, media_type: str) -> Response:
    body = message.SerializeToString() if media_type == PROTOBUF else MessageToJson(message, indent=None).encode()
    return Response(body, status, media_type=media_type)


def _text(status: int, message: str) -> Response:
    return PlainTextResponse(f"{status} {message}", status)
