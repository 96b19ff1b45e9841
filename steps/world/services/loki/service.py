"""Loki as the world runs it: its HTTP doors, and the world's hold on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from steps.world.services import golang
from steps.world.services.golang import NotCovered, Refusal, nanoseconds
from steps.world.services.loki import logql, metrics, push
from steps.world.services.loki.metrics import Column, Metric, Vector
from steps.world.services.loki.parameters import HOUR, Parameters, Span
from steps.world.services.loki.pipeline import LogQuery
from steps.world.services.loki.streams import Entry, Labels, Streams

MOST_SERIES = 500
API = "/loki/api/v1"
UNCOVERED = ("tail", "index/stats", "index/volume", "index/volume_range", "patterns", "detected_fields", "delete")


class Loki:
    """A Loki with one tenant; `app` is its ASGI application. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._streams = Streams()
        asked = ["GET", "POST"]
        self.app = golang.application(
            [
                Route(f"{API}/push", self._push, methods=["POST"]),
                Route(f"{API}/query_range", self._query_range, methods=asked),
                Route(f"{API}/query", self._query, methods=asked),
                Route(f"{API}/labels", self._labels, methods=asked),
                Route(f"{API}/label/{{name}}/values", self._label_values, methods=asked),
                Route(f"{API}/series", self._series, methods=asked),
                Route(f"{API}/status/buildinfo", self._build_info),
                Route("/ready", self._ready),
                *(Route(f"{API}/{path}", self._not_covered, methods=asked) for path in UNCOVERED),
                Route("/otlp/v1/logs", self._not_covered, methods=["POST"]),
            ]
        )

    def put(self, labels: Mapping[str, str], lines: Iterable[tuple[float, str]]) -> None:
        """The lines, each with its time in epoch seconds, of what has these labels. From any thread.

        Raises Refusal for what Loki would not take.
        """
        entries = tuple(Entry(nanoseconds(at), text) for at, text in lines)
        self._take(push.Stream(labels, entries))

    # the doors

    async def _push(self, request: Request) -> Response:
        headers = request.headers
        streams = push.read(headers.get("content-type", ""), headers.get("content-encoding", ""), await request.body())
        refused = None
        for stream in streams:  # what is good is taken, whatever else is in the request
            try:
                self._take(stream)
            except Refusal as refusal:
                refused = refused or refusal
        if refused:
            raise refused
        return Response(status_code=204)

    def _take(self, stream: push.Stream) -> None:
        labels = push.labels(stream.labels)
        taken, refused = [], None
        for entry in stream.entries:
            try:
                push.check(entry, labels, self._clock())
            except Refusal as refusal:
                refused = refused or refusal
            else:
                taken.append(entry)
        if taken:
            self._streams.add(labels, taken)
        if refused:
            raise refused

    async def _query_range(self, request: Request) -> Response:
        given = await self._parameters(request)
        query = logql.read(given.text("query"))
        span, limit, backward = given.span(), given.limit(), given.backward()
        step = given.step(span)
        if given.text("interval"):
            raise NotCovered("the parameter interval.")
        if isinstance(query, LogQuery):
            return self._found_lines(query, span, limit, backward)
        times = range(span.start, span.end + 1, step)
        result = [
            {
                "metric": dict(labels),
                "values": [[_seconds(at), _number(v)] for at, v in zip(times, column, strict=True) if v is not None],
            }
            for labels, column in self._measured(query, times).items()
        ]
        return _told({"resultType": "matrix", "result": result, "stats": _statistics(len(result))})

    async def _query(self, request: Request) -> Response:
        given = await self._parameters(request)
        query, at = logql.read(given.text("query")), given.time("time")
        given.limit()
        given.backward()
        if isinstance(query, LogQuery):
            raise Refusal(
                "log queries are not supported as an instant query type, please change your query to a range query type"
            )
        if isinstance(query, metrics.Scalar):
            result: list[Any] = [_seconds(at), _number(query.value)]
            return _told({"resultType": "scalar", "result": result, "stats": _statistics(1)})
        result = [
            {"metric": dict(labels), "value": [_seconds(at), _number(value)]}
            for labels, [value] in self._measured(query, [at]).items()
            if value is not None
        ]
        return _told({"resultType": "vector", "result": result, "stats": _statistics(len(result))})

    async def _labels(self, request: Request) -> Response:
        chosen = self._chosen(await self._parameters(request))
        return _listed({name for labels in chosen for name, _ in labels})

    async def _label_values(self, request: Request) -> Response:
        chosen = self._chosen(await self._parameters(request))
        return _listed({value for labels in chosen for name, value in labels if name == request.path_params["name"]})

    async def _series(self, request: Request) -> Response:
        given = await self._parameters(request)
        span = given.span(6 * HOUR)
        selectors = [logql.read_selector(text) for text in given.all("match[]") or given.all("match")]
        if not selectors:
            raise Refusal("0 matcher groups supplied")
        found = self._streams.select(lambda labels: any(s.chooses(labels) for s in selectors), *span)
        return _told([dict(labels) for labels, _ in sorted(found)])

    async def _build_info(self, request: Request) -> Response:
        return JSONResponse(
            {
                "version": "3.5.0",
                "revision": "acceptance",
                "branch": "HEAD",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    async def _ready(self, request: Request) -> Response:
        return PlainTextResponse("ready\n")

    async def _not_covered(self, request: Request) -> Response:
        raise NotCovered(f"{request.method} {request.url.path}.")

    # what is found

    async def _parameters(self, request: Request) -> Parameters:
        return await Parameters.of(request, self._clock())

    def _chosen(self, given: Parameters) -> list[Labels]:
        """The labels of the streams that a look-up of labels is about."""
        selector = logql.read_selector(given.text("query")) if given.text("query") else None
        found = self._streams.select(selector.chooses if selector else lambda _: True, *given.span(6 * HOUR))
        return [labels for labels, _ in found]

    def _found_lines(self, query: LogQuery, span: Span, limit: int, backward: bool) -> Response:
        found = [
            (entry, labels)
            for stream, entries in self._streams.select(query.chooses, *span)
            for labels, entry in query.run(stream, entries[::-1] if backward else entries)
        ]
        found.sort(key=lambda each: each[0].at, reverse=backward)
        streams: dict[Labels, list[list[str]]] = {}
        for entry, labels in found[:limit]:
            streams.setdefault(labels, []).append([str(entry.at), entry.text])
        result = [{"stream": dict(labels), "values": values} for labels, values in streams.items()]
        return _told({"resultType": "streams", "result": result, "stats": _statistics(sum(map(len, streams.values())))})

    def _measured(self, query: Metric, times: Sequence[int]) -> Vector:
        measured: Vector | Column = query.over(times, self._streams.select)
        found = metrics.series(measured)
        if len(found) > MOST_SERIES:
            raise Refusal(f"maximum of series ({MOST_SERIES}) reached for a single query")
        return found


def _told(data: Any) -> Response:
    return JSONResponse({"status": "success", "data": data})


def _listed(names: set[str]) -> Response:
    """Loki leaves an empty list out."""
    return JSONResponse({"status": "success"} | ({"data": sorted(names)} if names else {}))


def _statistics(returned: int) -> dict[str, Any]:
    return {"summary": {"totalEntriesReturned": returned}}


def _seconds(nanoseconds: int) -> int | float:
    """A time as Prometheus tells it: seconds, to the millisecond."""
    milliseconds = nanoseconds // 10**6
    return milliseconds / 1000 if milliseconds % 1000 else milliseconds // 1000


def _number(value: float) -> str:
    """A value as Prometheus tells it."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
