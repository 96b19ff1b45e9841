"""The reference's traces: what it did first is told as well, though what exports them is loaded later."""

from __future__ import annotations

import asyncio
import sys

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
