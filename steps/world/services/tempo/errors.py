"""Tempo's error answers, whole: what a fault lets the gateway say in Tempo's place (CONTRACTS §5.2)."""

from __future__ import annotations

from steps.world.services.golang import Answer, error


def bad_query() -> Answer:
    """The TraceQL cannot be read."""
    return error(400, "invalid TraceQL query: parse error at line 1, col 1: syntax error: unexpected IDENTIFIER")


def not_found() -> Answer:
    """There is no such trace: 404 without a body."""
    return Answer(404, (("content-length", "0"),), b"")


def trace_too_large() -> Answer:
    """The trace has more bytes than Tempo puts together."""
    return error(422, "trace exceeds max size (max bytes: 5000000)")


def too_many_requests() -> Answer:
    """The queue of queries is full."""
    return error(429, "job queue full")


def internal() -> Answer:
    """Tempo fails."""
    return error(500, "error querying store in Querier.FindTraceByID: error finding trace by id")


def unavailable() -> Answer:
    """Tempo starts or stops."""
    return error(503, "Service Unavailable")


def timed_out() -> Answer:
    """The query takes longer than Tempo allows."""
    return error(504, "context deadline exceeded")
