"""A search of Tempo: how its parameters are read, and how what is found is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict

from steps.world.services import logfmt
from steps.world.services.golang import Refusal, duration, integer
from steps.world.services.tempo import traceql
from steps.world.services.tempo.expressions import Attribute, Intrinsic, Keyword, Known
from steps.world.services.tempo.spans import Span, Trace, any_value

SECOND = 10**9
DEFAULT_LIMIT, DEFAULT_SPANS, MOST_SPANS = 20, 3, 100
LONGEST_RANGE = 168 * 3600
"""Seconds from start to end that a search may have."""
OWN_FIELDS = ("name", "duration")
"""What an answer tells of a span outside its attributes."""

Fields = list[Attribute | Intrinsic]
Choice = Callable[[Trace], list[Span]]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search asks for. `spans_per_set` 0 means all of them."""

    choose: Choice
    fields: Fields
    limit: int
    spans_per_set: int
    start: int | None
    end: int | None
    shortest: int
    longest: int | None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Search:
        """The search that a request's parameters ask for. Raises Refusal with Tempo's words, and NotCovered."""
        query, tags = given.get("q", ""), given.get("tags", "")
        if query and tags:
            raise Refusal("invalid request: can't specify tags and q in the same query")
        limit = _number(given, "limit", DEFAULT_LIMIT)
        if limit <= 0:
            raise Refusal("invalid limit: must be a positive number")
        spans_per_set = _number(given, "spss", DEFAULT_SPANS)
        if spans_per_set < 0:
            raise Refusal("invalid spss: must be a non-negative number")
        if spans_per_set > MOST_SPANS:
            raise Refusal(f"spans per span set exceeds {MOST_SPANS}. received {spans_per_set}")
        shortest, longest = _duration(given, "minDuration"), _duration(given, "maxDuration")
        if shortest and longest and longest <= shortest:
            raise Refusal("invalid maxDuration: must be greater than minDuration")
        start, end = span_of_time(given)
        if query:
            read = traceql.read(query)
            return cls(read.spans, read.fields(), limit, spans_per_set, start, end, 0, None)
        if not logfmt.is_well_formed(tags):
            raise Refusal(f"invalid tags: {tags}")
        choose = _with_tags(logfmt.pairs(tags))
        return cls(choose, [], limit, spans_per_set, start, end, shortest or 0, longest)

    def found(self, traces: Iterable[Trace]) -> list[dict[str, Any]]:
        """The traces that are looked for, as Tempo tells them, the newest first."""
        found = [
            (trace, spans)
            for trace in traces
            if _overlaps(trace, self.start, self.end)
            and self.shortest <= trace.duration
            and (self.longest is None or trace.duration <= self.longest)
            and (spans := self.choose(trace))
        ]
        found.sort(key=lambda each: each[0].start, reverse=True)
        return [self._told(trace, spans) for trace, spans in found[: self.limit]]

    def _told(self, trace: Trace, spans: list[Span]) -> dict[str, Any]:
        span_set = {
            "spans": [self._told_span(span, trace) for span in spans[: self.spans_per_set or None]],
            "matched": len(spans),
        }
        told = {
            "traceID": trace.id.hex().lstrip("0"),
            "rootServiceName": trace.root_service,
            "rootTraceName": trace.root_name,
            "startTimeUnixNano": str(trace.start),
            "durationMs": trace.duration // 10**6,
            "spanSet": span_set,
            "spanSets": [span_set],
            "serviceStats": _statistics(trace),
        }
        return {name: value for name, value in told.items() if value not in ("", 0)}

    def _told_span(self, span: Span, trace: Trace) -> dict[str, Any]:
        shown = [(field, value) for field in self.fields if (value := field.of(span, trace)) is not None]
        told = {
            "spanID": span.message.span_id.hex(),
            "name": span.message.name if Intrinsic("name") in self.fields else "",
            "startTimeUnixNano": str(span.message.start_time_unix_nano),
            "durationNanos": str(span.duration),
            "attributes": [
                {"key": field.name, "value": _told_value(value)}
                for field, value in shown
                if field.name not in OWN_FIELDS or isinstance(field, Attribute)
            ],
        }
        return {name: value for name, value in told.items() if value not in ("", [])}


def span_of_time(given: Mapping[str, str]) -> tuple[int | None, int | None]:
    """`start` and `end` in epoch seconds, None when not given. Raises Refusal."""
    start, end = (_number(given, name, 0) if given.get(name) else None for name in ("start", "end"))
    if start is not None and end is not None:
        if end <= start:
            raise Refusal(f"http parameter start must be before end. received start={start} end={end}")
        if end - start > LONGEST_RANGE:
            raise Refusal(
                f"range specified by start and end exceeds {LONGEST_RANGE // 3600}h0m0s. "
                f"received start={start} end={end}"
            )
    return start, end


def _overlaps(trace: Trace, start: int | None, end: int | None) -> bool:
    return (start is None or trace.end >= start * SECOND) and (end is None or trace.start <= end * SECOND)


def _with_tags(tags: Mapping[str, str]) -> Choice:
    """The spans that have all these tags, of their own or of their resource; the values are compared as text."""

    def value(span: Span, trace: Trace, key: str) -> str:
        if key in ("error", "status.code"):
            status = Intrinsic("status").of(span, trace)
            assert isinstance(status, Keyword)
            return str(status.word == "error").lower() if key == "error" else status.word
        known = {"name": span.message.name, "root.name": trace.root_name, "root.service.name": trace.root_service}
        held = known.get(key) if key in known else Attribute("", key).of(span, trace)
        return str(held).lower() if isinstance(held, bool) else str(held)

    return lambda trace: [
        span for span in trace.spans if all(value(span, trace, key) == wanted for key, wanted in tags.items())
    ]


def _statistics(trace: Trace) -> dict[str, Any]:
    services: dict[str, dict[str, int]] = {}
    for span in trace.spans:
        of = services.setdefault(span.service, {"spanCount": 0})
        of["spanCount"] += 1
        if span.failed:
            of["errorCount"] = of.get("errorCount", 0) + 1
    return services


def _told_value(value: Known) -> dict[str, Any]:
    told: dict[str, Any] = MessageToDict(any_value(value.word if isinstance(value, Keyword) else value))
    return told


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    try:
        return integer(given.get(name) or str(default))
    except Refusal as mistake:
        raise Refusal(f"invalid {name}: {mistake}") from None


def _duration(given: Mapping[str, str], name: str) -> int | None:
    try:
        return duration(given[name]) if given.get(name) else None
    except Refusal as mistake:
        raise Refusal(f"invalid {name}: {mistake}") from None
