"""Loki's error answers, whole: what a fault lets the gateway say in Loki's place (CONTRACTS §5.1)."""

from __future__ import annotations

from steps.world.services.golang import Answer, error


def bad_query() -> Answer:
    """The query cannot be read."""
    return error(400, "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER")


def no_org_id() -> Answer:
    """A Loki of several tenants is not told which one."""
    return error(401, "no org id")


def too_many_requests() -> Answer:
    """The queue of queries is full."""
    return error(429, "too many outstanding requests")


def ingestion_limited() -> Answer:
    """More is pushed than the tenant may."""
    return error(
        429,
        "ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '1' lines "
        "totaling '1024' bytes, reduce log volume or contact your Loki administrator to see if the limit can be "
        "increased",
    )


def canceled() -> Answer:
    """The caller, or something on the way, gave up."""
    return error(499, "The request was cancelled by the client.")


def internal() -> Answer:
    """Loki fails."""
    return error(500, "rpc error: code = Unknown desc = failed to get chunks")


def unavailable() -> Answer:
    """Loki starts or stops."""
    return error(503, "Ingester not ready: waiting for 15s after being ready")


def timed_out() -> Answer:
    """The query takes longer than Loki allows."""
    return error(
        504,
        "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over "
        "regex match) to reduce the amount of data processed",
    )
