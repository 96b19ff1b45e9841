"""Traces of the program's own work, exported by OpenTelemetry's protocol over gRPC (CONTRACTS §11)."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from steps.reference import logs

T = TypeVar("T")
_tracer = trace.get_tracer("steps.reference")


def start(service: str, endpoint: str) -> None:
    """Sends the spans that begin from now on to that ``host:port``. Loading what it takes lasts a moment."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=True)))
    trace.set_tracer_provider(provider)


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
