"""What Tempo holds: spans by their trace, as OpenTelemetry's protocol has them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Status, TracesData

from steps.world.services.golang import nanoseconds

Value = str | bool | int | float | bytes | list["Value"] | dict[str, "Value"] | None
"""The value of an attribute."""

SECOND = 10**9
NO_ROOT_YET = "<root span not yet received>"


def attributes(given: Iterable[KeyValue]) -> dict[str, Value]:
    """Attributes by name."""
    return {pair.key: value_of(pair.value) for pair in given}


def value_of(value: AnyValue) -> Value:
    """What an OTLP value holds."""
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [value_of(each) for each in value.array_value.values]
        case "kvlist_value":
            return attributes(value.kvlist_value.values)
        case kind:
            held: str | bool | int | float | bytes = getattr(value, kind)
            return held


def any_value(value: Value) -> AnyValue:
    """The OTLP value that holds it."""
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=map(any_value, value)))
        case bytes():
            return AnyValue(bytes_value=value)
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))


def key_values(given: Mapping[str, Value]) -> list[KeyValue]:
    """Attributes as OTLP has them."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in given.items()]


class SpanContext(NamedTuple):
    """By what a span is referred to, in hexadecimal (W3C Trace Context)."""

    trace_id: str
    span_id: str


@dataclass(frozen=True, eq=False)
class Span:
    """A span with where it came from; both are as received, without other spans."""

    message: trace_pb2.Span
    origin: ResourceSpans
    scope: ScopeSpans

    @cached_property
    def attributes(self) -> dict[str, Value]:
        return attributes(self.message.attributes)

    @cached_property
    def resource(self) -> dict[str, Value]:
        return attributes(self.origin.resource.attributes)

    @property
    def service(self) -> str:
        return str(self.resource.get("service.name", ""))

    @property
    def duration(self) -> int:
        """Nanoseconds."""
        return max(self.message.end_time_unix_nano - self.message.start_time_unix_nano, 0)

    @property
    def failed(self) -> bool:
        return self.message.status.code == Status.STATUS_CODE_ERROR


@dataclass(frozen=True, eq=False)
class Trace:
    """Spans of one trace, as they came in."""

    id: bytes
    spans: tuple[Span, ...]

    @cached_property
    def by_id(self) -> dict[bytes, Span]:
        return {span.message.span_id: span for span in self.spans}

    def parent(self, span: Span) -> Span | None:
        """The span's parent, as far as it has been received."""
        return self.by_id.get(span.message.parent_span_id)

    @property
    def root(self) -> Span | None:
        return next((span for span in self.spans if not span.message.parent_span_id), None)

    @property
    def root_service(self) -> str:
        return self.root.service if self.root else NO_ROOT_YET

    @property
    def root_name(self) -> str:
        return self.root.message.name if self.root else NO_ROOT_YET

    @cached_property
    def start(self) -> int:
        """Nanoseconds since the epoch."""
        return min(span.message.start_time_unix_nano for span in self.spans)

    @cached_property
    def end(self) -> int:
        """Nanoseconds since the epoch."""
        return max(span.message.end_time_unix_nano for span in self.spans)

    @property
    def duration(self) -> int:
        """Nanoseconds."""
        return max(self.end - self.start, 0)

    def message(self) -> TracesData:
        """The whole trace: spans of the same origin and scope together."""
        batches: dict[bytes, ResourceSpans] = {}
        scopes: dict[tuple[bytes, bytes], ScopeSpans] = {}
        whole = TracesData()
        for span in self.spans:
            origin, scope = (part.SerializeToString(deterministic=True) for part in (span.origin, span.scope))
            if origin not in batches:
                batches[origin] = whole.resource_spans.add()
                batches[origin].CopyFrom(span.origin)
            if (origin, scope) not in scopes:
                scopes[origin, scope] = batches[origin].scope_spans.add()
                scopes[origin, scope].CopyFrom(span.scope)
            scopes[origin, scope].spans.append(span.message)
        return whole


class SpanStore:
    """All spans that were received. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: dict[bytes, dict[tuple[bytes, int], Span]] = {}
        self._whole: dict[bytes, Trace] = {}
        """Traces as they were last looked at, until another span of them comes in."""

    def add(self, received: Iterable[ResourceSpans]) -> None:
        """Takes spans in; one that is sent again is no second one."""
        for batch in received:
            origin = ResourceSpans()
            origin.CopyFrom(batch)
            origin.ClearField("scope_spans")
            for group in batch.scope_spans:
                scope = ScopeSpans()
                scope.CopyFrom(group)
                scope.ClearField("spans")
                spans = [Span(message, origin, scope) for message in group.spans]
                with self._lock:
                    for span in spans:
                        held = self._traces.setdefault(span.message.trace_id, {})
                        held.setdefault((span.message.span_id, span.message.kind), span)
                        self._whole.pop(span.message.trace_id, None)

    def put(
        self,
        service: str,
        name: str,
        start: float,
        end: float,
        *,
        parent: SpanContext | None = None,
        error: str | None = None,
        attributes: Mapping[str, Value] | None = None,
        resource: Mapping[str, Value] | None = None,
    ) -> SpanContext:
        """Makes a span, of a new trace when it has no parent; start and end in epoch seconds.

        `error` is the message of a span that failed.
        """
        context = SpanContext(parent.trace_id if parent else secrets.token_hex(16), secrets.token_hex(8))
        span = trace_pb2.Span(
            trace_id=bytes.fromhex(context.trace_id),
            span_id=bytes.fromhex(context.span_id),
            parent_span_id=bytes.fromhex(parent.span_id) if parent else b"",
            name=name,
            kind=trace_pb2.Span.SPAN_KIND_SERVER,
            start_time_unix_nano=nanoseconds(start),
            end_time_unix_nano=nanoseconds(end),
            attributes=key_values(attributes or {}),
            status=Status(code=Status.STATUS_CODE_ERROR, message=error) if error is not None else None,
        )
        origin = Resource(attributes=key_values({"service.name": service, **(resource or {})}))
        self.add([ResourceSpans(resource=origin, scope_spans=[ScopeSpans(spans=[span])])])
        return context

    def trace(self, trace_id: bytes) -> Trace | None:
        """The trace with that id of 16 bytes."""
        with self._lock:
            return self._trace(trace_id) if trace_id in self._traces else None

    def traces(self) -> list[Trace]:
        """All traces, the one whose first span came in last at the end."""
        with self._lock:
            return [self._trace(trace_id) for trace_id in self._traces]

    def _trace(self, trace_id: bytes) -> Trace:
        if trace_id not in self._whole:
            self._whole[trace_id] = Trace(trace_id, tuple(self._traces[trace_id].values()))
        return self._whole[trace_id]
