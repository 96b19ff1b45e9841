"""Traces of the program's own work, exported by OpenTelemetry's protocol over gRPC (CONTRACTS §11)."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from steps.reference import logs

T = TypeVar("T")
_tracer = trace.get_tracer("steps.reference")


def start(service: str, endpoint: str) -> None:
    """Sends the spans that begin from now on to that ``host:port``."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(_Exporter(endpoint)))
    trace.set_tracer_provider(provider)


class _Exporter(SpanExporter):
    """Loads what exports when there is something to export: it takes a moment, in which no span must be lost."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._loaded: SpanExporter | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called by the one thread that collects spans."""
        if self._loaded is None:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

            self._loaded = OTLPSpanExporter(endpoint=self._endpoint, insecure=True)
        return self._loaded.export(spans)

    def shutdown(self) -> None:
        if self._loaded is not None:
            self._loaded.shutdown()


@contextmanager
def span(name: str, parent: Mapping[str, str] | None = None) -> Iterator[None]:
    """What happens inside is a span, with what the log knows as attributes; failed when an exception leaves it.

    `parent` holds the `traceparent` of the trace that it belongs to; else it is part of the span around it.
    """
    context = TraceContextTextMapPropagator().extract(parent) if parent else None
    with _tracer.start_as_current_span(name, context, attributes=logs.known()):
        yield


async def traced(name: str, work: Coroutine[Any, Any, T], parent: Mapping[str, str] | None = None) -> T:
    """The work's result; it is a span."""
    with span(name, parent):
        return await work
