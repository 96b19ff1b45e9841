"""Tempo as the world runs it: its HTTP doors, over the spans that OTLP receivers take in."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf.json_format import MessageToDict
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from steps.world.services import golang
from steps.world.services.golang import NotCovered, Refusal, respond
from steps.world.services.tempo import errors, tags, traceql
from steps.world.services.tempo.expressions import INTRINSICS, SYNONYMS
from steps.world.services.tempo.search import Search, span_of_time
from steps.world.services.tempo.spans import Span, SpanStore, Trace

PROTOBUF = "application/protobuf"
UNCOVERED = ("metrics/query_range", "metrics/query", "metrics/summary", "overrides")


class Tempo:
    """A Tempo; `app` is the ASGI application of its HTTP port, `spans` what it holds."""

    def __init__(self, spans: SpanStore | None = None) -> None:
        self.spans = spans or SpanStore()
        self.app = golang.application(
            [
                Route("/api/traces/{id}", self._trace),
                Route("/api/v2/traces/{id}", self._trace_v2),
                Route("/api/search", self._search),
                Route("/api/search/tags", self._tags),
                Route("/api/v2/search/tags", self._tags_v2),
                Route("/api/search/tag/{tag}/values", self._tag_values),
                Route("/api/v2/search/tag/{tag}/values", self._tag_values_v2),
                *(Route(f"/api/{path}", self._not_covered) for path in UNCOVERED),
                Route("/api/status/buildinfo", self._build_info),
                Route("/api/echo", self._echo),
                Route("/ready", self._ready),
            ]
        )

    # the doors

    async def _trace(self, request: Request) -> Response:
        trace = self._asked_for(request)
        if trace is None:
            return respond(errors.not_found())
        message = trace.message()
        if PROTOBUF in request.headers.get("accept", ""):
            return Response(message.SerializeToString(), media_type=PROTOBUF)
        return JSONResponse({"batches": MessageToDict(message)["resourceSpans"]})

    async def _trace_v2(self, request: Request) -> Response:
        if PROTOBUF in request.headers.get("accept", ""):
            raise NotCovered("a trace of version 2 in protobuf; ask for JSON.")
        trace = self._asked_for(request)
        if trace is None:
            return respond(errors.not_found())
        return JSONResponse({"trace": MessageToDict(trace.message()), "metrics": {}, "status": "COMPLETE"})

    async def _search(self, request: Request) -> Response:
        traces = self.spans.traces()
        found = Search.read(request.query_params).found(traces)
        metrics = {"inspectedTraces": len(traces), "completedJobs": 1, "totalJobs": 1}
        return JSONResponse({"traces": found, "metrics": metrics})

    async def _tags(self, request: Request) -> Response:
        found = tags.names(self.spans.traces(), request.query_params.get("scope", ""))
        if not request.query_params.get("scope"):
            found.pop("intrinsic")
        return JSONResponse({"tagNames": sorted({name for names in found.values() for name in names})})

    async def _tags_v2(self, request: Request) -> Response:
        found = tags.names(self.spans.traces(), request.query_params.get("scope", ""))
        return JSONResponse({"scopes": [{"name": scope, "tags": names} for scope, names in found.items()]})

    async def _tag_values(self, request: Request) -> Response:
        tag = request.path_params["tag"]
        found = tags.values(self._chosen(""), tag if tag in INTRINSICS else f".{tag}")
        return JSONResponse({"tagValues": [text for _, text in found]})

    async def _tag_values_v2(self, request: Request) -> Response:
        tag, query = request.path_params["tag"], request.query_params.get("q", "")
        if not re.match(r"(span|resource)?\.", tag) and tag not in (*INTRINSICS, *SYNONYMS):
            raise Refusal(f"tag name is not valid intrinsic or scoped attribute: {tag}")
        found = tags.values(self._chosen(query), tag)
        return JSONResponse({"tagValues": [{"type": type_, "value": text} for type_, text in found]})

    async def _build_info(self, request: Request) -> Response:
        return JSONResponse(
            {
                "version": "2.8.2",
                "revision": "acceptance",
                "branch": "HEAD",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    async def _echo(self, request: Request) -> Response:
        return PlainTextResponse("echo")

    async def _ready(self, request: Request) -> Response:
        return PlainTextResponse("ready\n")

    async def _not_covered(self, request: Request) -> Response:
        raise NotCovered(f"{request.method} {request.url.path}.")

    # what is found

    def _asked_for(self, request: Request) -> Trace | None:
        """The trace that the path names. Raises Refusal when that is no trace id."""
        text: str = request.path_params["id"]
        if wrong := re.search(r"[^0-9a-fA-F]", text):
            raise Refusal(
                "trace IDs can only contain hex characters: "
                f"invalid character '{wrong[0]}' at position {wrong.start() + 1}"
            )
        if len(text) > 32:
            raise Refusal("trace IDs can't be larger than 128 bits")
        span_of_time(request.query_params)
        return self.spans.trace(bytes.fromhex(text.zfill(32)))

    def _chosen(self, query: str) -> list[tuple[Trace, list[Span]]]:
        choose: Any = traceql.read(query).spans if query else lambda trace: list(trace.spans)
        return [(trace, choose(trace)) for trace in self.spans.traces()]
