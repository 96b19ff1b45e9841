"""The function operator: a LambdaFunction is built, deployed and becomes ready, as its status tells (CONTRACTS §7).

A function whose source cannot be fetched fails, and a host under `.invalid` (RFC 2606) can nowhere be reached: an
image there cannot be pulled, a repository or bucket there cannot be read. So a function is made to fail by its own
specification, in this world as in a real cluster. One without a source of its type does not pass validation.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from steps.world.cluster.kubernetes import ApiError, Store
from steps.world.cluster.tasks import Tasks

Phase = Literal["Pending", "Building", "Deploying", "Ready", "Failed"]
Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class _Version:
    """One specification of one function."""

    uid: str
    generation: int


class FunctionOperator:
    """Leads every LambdaFunction to Ready, or to Failed, and writes its status on the way.

    `async with FunctionOperator(store)` runs it; each phase lasts `pace` seconds.
    """

    def __init__(self, store: Store, *, pace: float = 0.0) -> None:
        self._store = store
        self._pace = pace
        self._tasks = Tasks()
        self._held: set[Key] = set()
        self._rollouts: dict[Key, tuple[_Version, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        self._tasks.spawn(self._follow(), "function operator")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    def is_ready(self, namespace: str, name: str) -> bool:
        """Whether that function exists and serves what its present specification says."""
        for function in self._store.find("LambdaFunction", namespace, fields=f"metadata.name={name}"):
            status = function.get("status", {})
            present = status.get("observedGeneration") == function["metadata"]["generation"]
            return bool(present and status["phase"] == "Ready")
        return False

    async def hold(self, namespace: str, name: str) -> None:
        """From now on that function gets no further than Deploying; it need not exist yet."""
        self._held.add((namespace, name))
        self._restart((namespace, name))

    async def release(self, namespace: str, name: str) -> None:
        """Lets the function become ready."""
        self._held.discard((namespace, name))
        self._restart((namespace, name))

    async def settled(self) -> None:
        """Returns when every function has come as far as it gets."""
        for function in self._store.find("LambdaFunction"):
            self._start(function)
        while running := [task for _, task in self._rollouts.values() if not task.done()]:
            await asyncio.wait(running)
        self._tasks.check()

    async def _follow(self) -> None:
        with self._store.watch("LambdaFunction") as changes:
            while change := await changes.next():
                if change.type != "DELETED":
                    self._start(change.item)
                elif (known := self._rollouts.get(_key(change.item))) and known[0] == _version(change.item):
                    self._stop(_key(change.item))

    def _start(self, function: dict[str, Any]) -> None:
        """Starts the roll-out of this version of the function, unless it was started before."""
        key, version = _key(function), _version(function)
        if key in self._rollouts and self._rollouts[key][0] == version:
            return
        self._stop(key)
        work = _Rollout(self._store, function, self._pace, held=key in self._held).run()
        self._rollouts[key] = version, self._tasks.spawn(work, f"roll-out of {'/'.join(key)}")

    def _stop(self, key: Key) -> None:
        if key in self._rollouts:
            self._rollouts.pop(key)[1].cancel()

    def _restart(self, key: Key) -> None:
        self._stop(key)
        for function in self._store.find("LambdaFunction", key[0], fields=f"metadata.name={key[1]}"):
            self._start(function)


class _Rollout:
    """The way of one version of a function, phase by phase."""

    def __init__(self, store: Store, function: dict[str, Any], pace: float, *, held: bool) -> None:
        self._store = store
        self._function = function
        self._pace = pace
        self._held = held
        self._source: dict[str, Any] = function["spec"]["source"]
        self._namespace, self._name = _key(function)
        self._conditions: dict[str, dict[str, Any]] = {}
        self._status: dict[str, Any] = {"observedGeneration": function["metadata"]["generation"]}

    async def run(self) -> None:
        try:
            await self._run()
        except _OutdatedError:
            return

    async def _run(self) -> None:
        await self._enter("Pending")
        if fault := _source_fault(self._source):
            self._set("SourceReady", "False", "ValidationFailed", fault)
            return await self._enter("Failed")
        self._set("SourceReady", "True", "SourceReady", "The source is complete.")
        unreachable = _unreachable_host(self._source)
        if self._source["type"] == "image":
            self._set("BuildReady", "True", "BuildSkipped", "The image is given; nothing is built.")
        elif not await self._build(unreachable):
            return await self._enter("Failed")
        self._set("DeployReady", "True", "ServiceDeployed", "The service is created.")
        self._set("ServiceReady", "False", "ServiceDeploying", "The service is starting.")
        self._serve(ready=False)
        await self._enter("Deploying")
        if unreachable:
            fault = f"Unable to fetch the image: lookup {unreachable}: no such host"
            self._set("ServiceReady", "False", "ServiceUnhealthy", fault)
            return await self._enter("Failed")
        if self._held:
            return None
        self._set("ServiceReady", "True", "ServiceReady", "The service is ready.")
        self._serve(ready=True)
        return await self._enter("Ready")

    async def _build(self, unreachable: str | None) -> bool:
        build: dict[str, Any] = {"jobName": f"{self._name}-build", "attempt": 1, "startedAt": _now()}
        self._status["buildStatus"] = build
        await self._enter("Building")
        build["completedAt"] = _now()
        if unreachable:
            build["error"] = f"fetching the source failed: lookup {unreachable}: no such host"
            self._set("BuildReady", "False", "BuildFailed", build["error"])
            return False
        build["imageURI"] = f"registry.local/{self._namespace}/{self._name}"
        self._set("BuildReady", "True", "BuildSucceeded", "The image is built.")
        return True

    def _serve(self, *, ready: bool) -> None:
        revision = f"{self._name}-{self._status['observedGeneration']:05}"
        self._status["serviceStatus"] = {
            "serviceName": self._name,
            "url": f"http://{self._name}.{self._namespace}.svc.cluster.local",
            "ready": ready,
            **({"latestRevision": revision, "replicas": 1} if ready else {}),
        }

    def _set(self, condition: str, status: str, reason: str, message: str) -> None:
        self._conditions[condition] = {
            "type": condition,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": _now(),
            "observedGeneration": self._status["observedGeneration"],
        }

    async def _enter(self, phase: Phase) -> None:
        """Writes the status with this phase, and lets it last. Raises _OutdatedError for a function that changed."""
        try:
            present = self._store.get("LambdaFunction", self._namespace, self._name)
        except ApiError:
            raise _OutdatedError from None
        if _version(present) != _version(self._function):
            raise _OutdatedError
        present["status"] = {**self._status, "phase": phase, "conditions": list(self._conditions.values())}
        self._store.replace(present, status=True)
        await asyncio.sleep(self._pace)


class _OutdatedError(Exception):
    """The function was deleted or changed while it was rolled out."""


def _source_fault(source: dict[str, Any]) -> str | None:
    """Why the source cannot be used at all, as a sentence."""
    kind = source["type"]
    if kind not in source:
        return f"spec.source.type is {kind}, but spec.source.{kind} is missing."
    if kind == "inline" and not source["inline"]["code"].strip():
        return "spec.source.inline.code is empty."
    return None


def _unreachable_host(source: dict[str, Any]) -> str | None:
    """The host of the source, if it is one that cannot exist."""
    address = {
        "image": source.get("image", {}).get("repository", ""),
        "git": source.get("git", {}).get("url", ""),
        "minio": source.get("minio", {}).get("endpoint", ""),
    }.get(source["type"], "")
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    return host if host.endswith(".invalid") else None


def _key(function: dict[str, Any]) -> Key:
    return function["metadata"]["namespace"], function["metadata"]["name"]


def _version(function: dict[str, Any]) -> _Version:
    return _Version(function["metadata"]["uid"], function["metadata"]["generation"])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
