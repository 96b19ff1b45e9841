"""What the observability stack knows about an alert: Prometheus, Loki and Tempo (CONTRACTS §4.3, §5)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from steps.reference import logs, tracing
from steps.reference.agent.alert import Alert
from steps.reference.calls import CallError, Retries, TransientError, check, send
from steps.reference.events import parse_time

T = TypeVar("T")
LOOKBACK = 300
"""Seconds before an alert's start that its window begins."""
LINES = 20
"""So many log lines are shown, the last ones of the window."""
FAILURES = 3
"""So many failed traces are named, the last ones of the window."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A source could not be asked, for that reason. Not the same as a source that has nothing to tell."""

    reason: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The value of the alert's own series now, as Prometheus writes it; None when it has none."""

    query: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A trace with a span that failed."""

    trace_id: str
    span_id: str
    name: str
    """What failed, as far as Tempo tells."""


@dataclass(frozen=True, slots=True)
class Observations:
    """What each source told; None where the alert does not say what to ask for."""

    sample: Sample | Unavailable | None = None
    lines: Sequence[str] | Unavailable | None = None
    failures: Sequence[Failure] | Unavailable | None = None


class Source:
    """One backend's query API. A try takes at most `timeout` seconds, and after so long there is no other."""

    def __init__(self, name: str, client: httpx.AsyncClient, url: str, timeout: float, retries: Retries) -> None:
        self._name = name
        self._client = client
        self._url = url
        self._timeout = timeout
        self._retries = retries

    async def ask(self, path: str, query: Mapping[str, str | int], read: Callable[[Any], T]) -> T | Unavailable:
        """What `read` makes of the answer's JSON."""
        with tracing.span(f"query {self._name}"):
            try:
                return await self._retries.run(
                    f"{self._name} query", lambda: self._ask(path, query, read), self._timeout
                )
            except CallError as failure:
                logs.error(f"{self._name} could not be asked", error=str(failure))
                return Unavailable(str(failure))

    async def _ask(self, path: str, query: Mapping[str, str | int], read: Callable[[Any], T]) -> T:
        request = self._client.build_request("GET", f"{self._url}{path}", params=query)
        response = await send(self._client, request, self._timeout)
        check(response)
        try:
            return read(response.json())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise TransientError(f"{self._name} answered something that is no result.") from error


class Observability:
    """Asks all backends side by side; one that is not configured is not asked."""

    def __init__(self, prometheus: Source, loki: Source | None, tempo: Source | None) -> None:
        self._prometheus = prometheus
        self._loki = loki
        self._tempo = tempo

    async def about(self, alert: Alert) -> Observations:
        """What they know about the alert, from a while before its start until now."""
        start, end = parse_time(alert.starts_at).timestamp() - LOOKBACK, time.time()
        sample, lines, failures = await asyncio.gather(
            self._sample(alert), self._lines(alert, start, end), self._failures(alert, start, end)
        )
        return Observations(sample, lines, failures)

    async def _sample(self, alert: Alert) -> Sample | Unavailable | None:
        """The value of the one series of the alert's expression whose labels the alert has."""
        if not (query := expression_of(alert)):
            return None

        def own(answer: Any) -> Sample:
            vector = answer["data"]["result"] if answer["data"]["resultType"] == "vector" else []
            values = [str(series["value"][1]) for series in vector if _is_own(series["metric"], alert.labels)]
            return Sample(query, values[0] if values else None)

        return await self._prometheus.ask("/api/v1/query", {"query": query}, own)

    async def _lines(self, alert: Alert, start: float, end: float) -> Sequence[str] | Unavailable | None:
        """The last log lines of the alert's pod, in order of time."""
        if not self._loki or not (pod := alert.labels.get("pod")):
            return None
        wanted = {"namespace": alert.labels.get("namespace"), "pod": pod}
        selector = ", ".join(f"{name}={_quoted(value)}" for name, value in wanted.items() if value)

        def in_order(answer: Any) -> list[str]:
            entries = [entry for stream in answer["data"]["result"] for entry in stream["values"]]
            return [str(line) for _, line, *_ in sorted(entries, key=lambda entry: int(entry[0]))[-LINES:]]

        asked: dict[str, str | int] = {
            "query": f"{{{selector}}}",
            "start": round(start * 1e9),
            "end": round(end * 1e9),
            "limit": LINES,
            "direction": "backward",
        }
        return await self._loki.ask("/loki/api/v1/query_range", asked, in_order)

    async def _failures(self, alert: Alert, start: float, end: float) -> Sequence[Failure] | Unavailable | None:
        """The last traces in which the alert's service failed."""
        if not self._tempo or not (service := alert.labels.get("service")):
            return None
        asked: dict[str, str | int] = {
            "q": f"{{ resource.service.name = {_quoted(service)} && status = error }} | select(name)",
            "start": int(start),
            "end": int(end) + 1,
            "limit": FAILURES,
        }
        return await self._tempo.ask("/api/search", asked, lambda answer: [_failure(one) for one in answer["traces"]])


def expression_of(alert: Alert) -> str:
    """The PromQL condition that the alert came out of, which its generatorURL carries; empty when it does not."""
    return parse_qs(urlsplit(alert.generator_url).query).get("g0.expr", [""])[0]


def _quoted(value: str) -> str:
    """The value as LogQL and TraceQL write it."""
    return json.dumps(value, ensure_ascii=False)


def _is_own(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether the alert came out of this series: an alert has all labels of its series, but for the metric's name."""
    return all(labels.get(name) == value for name, value in series.items() if name != "__name__")


def _failure(trace: Any) -> Failure:
    span = trace["spanSets"][0]["spans"][0]
    name = " ".join(filter(None, (trace.get("rootServiceName"), trace.get("rootTraceName"))))
    return Failure(trace["traceID"].zfill(32), span["spanID"], f"{span.get('name', '')} in {name}")
