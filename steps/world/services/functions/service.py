"""The doors of the functions: each answers at its own host name, `<name>.<namespace>.svc.cluster.local`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from steps.world.services.functions.runtime import Handler, Reply, binary_event, run, succeeds

SHIPPED = (
    "pod-restart",
    "pod-check-status",
    "scale-deployment",
    "check-pvc-status",
    "flux-reconcile-kustomization",
    "flux-reconcile-gitrepository",
    "flux-reconcile-helmrelease",
)
"""The seven remediation functions that come with agent-sre, in namespace `ai`."""
NAMESPACE = "ai"

Door = tuple[str, str]
"""Namespace and name of a function."""


@dataclass(frozen=True, slots=True)
class Script:
    """How a call is served: what the code does, and how the runtime tells it."""

    handler: Handler = succeeds
    reply: Reply = binary_event


class Functions:
    """All functions of the cluster. `is_ready` tells of a namespace and name whether a function serves there."""

    def __init__(self, is_ready: Callable[[str, str], bool]) -> None:
        self._is_ready = is_ready
        self._scripts: dict[str, Script] = {}
        self._calls: Counter[tuple[Door, str]] = Counter()
        """Calls by function and by `success` or `error`."""

    @property
    def app(self) -> Starlette:
        """The ASGI application behind every function's host name."""
        return Starlette(
            routes=[
                Route("/", self._invoke, methods=["POST"]),
                *(Route(path, self._health) for path in ("/health", "/healthz", "/readyz")),
                Route("/metrics", self._metrics),
            ]
        )

    def script(self, word: str, handler: Handler = succeeds, reply: Reply = binary_event) -> None:
        """From now on calls that mention the word are served so: a function's name, or the pod of an alert."""
        self._scripts[word] = Script(handler, reply)

    async def _invoke(self, request: Request) -> Response:
        door = self._door(request)
        if door is None:
            return _unresolved(request)
        body = await request.body()
        namespace, name = door
        script = self._script_of(f"{name} {body.decode('utf-8', 'replace')}")
        outcome = run(name, namespace, script.handler, tuple(request.headers.items()), body)
        self._calls[door, "error" if outcome.error else "success"] += 1
        response = script.reply(outcome)
        if correlation_id := request.headers.get("x-correlation-id"):
            response.headers["x-correlation-id"] = correlation_id
        return response

    async def _health(self, request: Request) -> Response:
        door = self._door(request)
        if door is None:
            return _unresolved(request)
        errors = self._calls[door, "error"]
        counts = {"invocations": self._calls[door, "success"] + errors, "errors": errors}
        return JSONResponse({"status": "healthy", "function": door[1], "namespace": door[0], **counts})

    async def _metrics(self, request: Request) -> Response:
        door = self._door(request)
        if door is None:
            return _unresolved(request)
        name = "knative_lambda_function_invocations_total"
        lines = [f"# TYPE {name} counter"]
        for status in ("success", "error"):
            labels = f'function="{door[1]}",namespace="{door[0]}",status="{status}"'
            lines.append(f"{name}{{{labels}}} {self._calls[door, status]}")
        return PlainTextResponse("\n".join(lines) + "\n")

    def _door(self, request: Request) -> Door | None:
        """The function that the host name stands for, if it serves."""
        name, namespace, *_ = [*(request.url.hostname or "").split("."), "", ""]
        return (namespace, name) if self._is_ready(namespace, name) else None

    def _script_of(self, said: str) -> Script:
        """The latest script for a word of the call."""
        return next((script for word, script in reversed(self._scripts.items()) if word in said), Script())


def _unresolved(request: Request) -> Response:
    """What a caller behind a proxy sees of a name that the cluster's DNS does not know."""
    return PlainTextResponse(f"could not resolve host {request.url.hostname}", 502)
