"""Traces: what the reference did first is told as well, though what exports them is loaded later; and its address."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from steps.world.services.otlp import Otlp
from steps.world.services.tempo.spans import SpanStore

PROGRAM = """
import sys
from opentelemetry import trace
from steps.reference import logs, tracing

tracing.start("agent-sre", sys.argv[1])
logs.bind(correlation_id="c-1")
with tracing.span("the first thing"):
    pass
trace.get_tracer_provider().force_flush()
"""


async def test_the_first_span_after_the_start_is_exported_with_what_the_log_knows() -> None:
    spans = SpanStore()
    async with Otlp(spans).serve() as endpoint:
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, endpoint)
        assert await program.wait() == 0
    [trace] = spans.traces()
    [span] = trace.spans
    assert (span.service, span.message.name) == ("agent-sre", "the first thing")
    assert span.attributes["correlation_id"] == "c-1"


LIBRARY = """
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("agent-sre").start_as_current_span("the first thing"):
    pass
"""


@pytest.mark.parametrize("is_told_a_url", [True, False])
async def test_a_library_that_reads_the_variables_itself_needs_a_url(is_told_a_url: bool) -> None:
    spans = SpanStore()
    async with Otlp(spans).serve() as endpoint:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1"}
        if is_told_a_url:
            told |= {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://{endpoint}"}
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", LIBRARY, env=os.environ | told)
        assert await program.wait() == 0
    assert bool(spans.traces()) is is_told_a_url
