"""Tempo through its HTTP API (CONTRACTS §5.2), the real one and the double alike."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

SECOND = 10**9
LIMIT = 1000
"""So many traces are asked for; when there are more, the search has to be narrower."""


class TempoUnavailable(Exception):
    """Tempo could not be asked: the environment's fault, not the agent's."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span; ids in hexadecimal, times in epoch seconds."""

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    start: float
    end: float
    error: str | None
    """The message of its status when it failed, which may be empty."""
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A trace that a search found; `matched` is how many of its spans were looked for."""

    trace_id: str
    root_service: str
    root_name: str
    start: float
    """Epoch seconds."""
    duration: float
    """Seconds, to the millisecond."""
    matched: int


class Tempo:
    """Asks a Tempo for traces, and gives it some; `otlp_url` is where it takes OpenTelemetry's protocol over HTTP."""

    def __init__(self, client: httpx.Client, url: str, otlp_url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._otlp_url = otlp_url.rstrip("/")

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of the trace with that id (hexadecimal), in order of their start; none when there is no such trace.

        Raises TempoUnavailable.
        """
        answer = self._get(f"/api/v2/traces/{trace_id}")
        if answer.status_code == 404:
            return []
        try:
            batches = answer.json()["trace"].get("resourceSpans", [])
            spans = [span for batch in batches for span in _spans(batch)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TempoUnavailable(f"Tempo answered with something else than a trace: {answer.text!r:.200}.") from error
        return sorted(spans, key=lambda span: span.start)

    def search(self, query: str, start: float | None = None, end: float | None = None) -> list[Found]:
        """The traces that a TraceQL query finds, the newest first; start and end in epoch seconds.

        Raises TempoUnavailable, also when there are more than can be asked for.
        """
        asked = {"q": query, "limit": str(LIMIT)}
        if start is not None:
            asked["start"] = str(math.floor(start))
        if end is not None:
            asked["end"] = str(math.ceil(end))
        answer = self._get("/api/search", asked)
        if answer.status_code == 404:
            raise TempoUnavailable("Tempo does not know /api/search: look at its address.")
        try:
            found = [_found(trace) for trace in answer.json().get("traces") or []]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TempoUnavailable(f"Tempo answered {query!r} with something else: {answer.text!r:.200}.") from error
        if len(found) == LIMIT:
            raise TempoUnavailable(f"{query!r} finds {LIMIT} traces or more: ask for fewer.")
        return found

    def push(self, spans: Iterable[Span]) -> None:
        """Gives Tempo the spans; the service is an attribute of their resource (CONTRACTS §11).

        Raises TempoUnavailable.
        """
        batches = [{"resource": _resource(span), "scopeSpans": [{"spans": [_told(span)]}]} for span in spans]
        try:
            answer = self._client.post(f"{self._otlp_url}/v1/traces", json={"resourceSpans": batches})
        except httpx.HTTPError as error:
            raise TempoUnavailable(f"Tempo could not be given spans: {error}.") from error
        if not answer.is_success or "rejectedSpans" in answer.text:
            raise TempoUnavailable(f"Tempo did not take the spans: {answer.status_code} {answer.text.strip()!r:.200}.")

    def _get(self, path: str, asked: dict[str, str] | None = None) -> httpx.Response:
        try:
            answer = self._client.get(f"{self._url}{path}", params=asked, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            raise TempoUnavailable(f"Tempo could not be asked for {path}: {error}.") from error
        if not answer.is_success and answer.status_code != 404:
            raise TempoUnavailable(f"Tempo answered {path} with {answer.status_code}: {answer.text.strip()!r:.200}.")
        return answer


def _spans(batch: dict[str, Any]) -> Iterable[Span]:
    resource = _attributes(batch.get("resource", {}))
    for group in batch["scopeSpans"]:
        for span in group["spans"]:
            status = span.get("status", {})
            failed = status.get("code") in ("STATUS_CODE_ERROR", 2)
            yield Span(
                trace_id=_hexadecimal(span["traceId"], 16),
                span_id=_hexadecimal(span["spanId"], 8),
                parent_id=_hexadecimal(span["parentSpanId"], 8) if span.get("parentSpanId") else None,
                service=str(resource.get("service.name", "")),
                name=span.get("name", ""),
                start=int(span["startTimeUnixNano"]) / SECOND,
                end=int(span["endTimeUnixNano"]) / SECOND,
                error=status.get("message", "") if failed else None,
                attributes=_attributes(span),
                resource=resource,
            )


def _told(span: Span) -> dict[str, Any]:
    """The span as OTLP has it in JSON: ids in hexadecimal, times as text."""
    told = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": 2,
        "startTimeUnixNano": str(round(span.start * SECOND)),
        "endTimeUnixNano": str(round(span.end * SECOND)),
        "attributes": _pairs(span.attributes),
        "status": {} if span.error is None else {"code": 2, "message": span.error},
    }
    return told if span.parent_id is None else told | {"parentSpanId": span.parent_id}


def _resource(span: Span) -> dict[str, Any]:
    return {"attributes": _pairs({"service.name": span.service} | span.resource)}


def _pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP has them, all of them texts."""
    return [{"key": name, "value": {"stringValue": str(value)}} for name, value in attributes.items()]


def _attributes(of: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _value(pair["value"]) for pair in of.get("attributes", [])}


def _value(told: dict[str, Any]) -> Any:
    if not told:
        return None
    [(kind, value)] = told.items()
    match kind:
        case "intValue":
            return int(value)
        case "arrayValue":
            return [_value(each) for each in value.get("values", [])]
        case "kvlistValue":
            return {pair["key"]: _value(pair["value"]) for pair in value.get("values", [])}
    return value


def _hexadecimal(told: str, size: int) -> str:
    """An id of so many bytes: base64 as Tempo tells it in JSON, or hexadecimal as OTLP does."""
    return told.lower() if len(told) == 2 * size else base64.b64decode(told, validate=True).hex()


def _found(trace: dict[str, Any]) -> Found:
    return Found(
        trace_id=trace["traceID"].zfill(32),
        root_service=trace.get("rootServiceName", ""),
        root_name=trace.get("rootTraceName", ""),
        start=int(trace["startTimeUnixNano"]) / SECOND,
        duration=trace.get("durationMs", 0) / 1000,
        matched=sum(spans.get("matched", 0) for spans in trace.get("spanSets") or []),
    )
