"""The function operator leads a LambdaFunction to Ready, or to Failed, as its status tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from steps.world.cluster.functions import FunctionOperator
from steps.world.cluster.kubernetes import Store

Object = dict[str, Any]


def function(name: str = "pod-restart", **source: Any) -> Object:
    return {
        "apiVersion": "lambda.knative.io/v1alpha1",
        "kind": "LambdaFunction",
        "metadata": {"name": name, "namespace": "ai"},
        "spec": {
            "source": source or {"type": "inline", "inline": {"code": "def handler(event): return {}"}},
            "runtime": {"language": "python", "version": "3.11"},
        },
    }


@pytest.fixture
def store() -> Store:
    store = Store()
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ai"}})
    return store


@pytest.fixture
async def operator(store: Store) -> AsyncIterator[FunctionOperator]:
    async with FunctionOperator(store) as operator:
        yield operator


def status(store: Store, name: str = "pod-restart") -> Object:
    found: Object = store.get("LambdaFunction", "ai", name)["status"]
    return found


def reasons(store: Store, name: str = "pod-restart") -> dict[str, tuple[str, str]]:
    return {it["type"]: (it["status"], it["reason"]) for it in status(store, name)["conditions"]}


async def test_a_function_is_built_deployed_and_ready(operator: FunctionOperator, store: Store) -> None:
    with store.watch("LambdaFunction", since=store.version) as changes:
        store.create(function())
        await operator.settled()
        phases = [change.item.get("status", {}).get("phase") for change in changes.drain()]
    assert phases == [None, "Pending", "Building", "Deploying", "Ready"]
    assert reasons(store) == {
        "SourceReady": ("True", "SourceReady"),
        "BuildReady": ("True", "BuildSucceeded"),
        "DeployReady": ("True", "ServiceDeployed"),
        "ServiceReady": ("True", "ServiceReady"),
    }
    service = status(store)["serviceStatus"]
    assert service["serviceName"] == "pod-restart"
    assert service["url"] == "http://pod-restart.ai.svc.cluster.local"
    assert service["ready"] is True
    assert operator.is_ready("ai", "pod-restart")


async def test_a_function_from_an_image_is_not_built(operator: FunctionOperator, store: Store) -> None:
    store.create(function(type="image", image={"repository": "registry.local/pod-restart"}))
    await operator.settled()
    assert reasons(store)["BuildReady"] == ("True", "BuildSkipped")
    assert "buildStatus" not in status(store)
    assert operator.is_ready("ai", "pod-restart")


@pytest.mark.parametrize(
    ("source", "condition", "reason"),
    [
        ({"type": "git"}, "SourceReady", "ValidationFailed"),
        ({"type": "inline", "inline": {"code": " \n"}}, "SourceReady", "ValidationFailed"),
        ({"type": "git", "git": {"url": "https://git.invalid/pod-restart"}}, "BuildReady", "BuildFailed"),
        (
            {"type": "minio", "minio": {"bucket": "b", "key": "k", "endpoint": "minio.invalid:9000"}},
            "BuildReady",
            "BuildFailed",
        ),
        ({"type": "image", "image": {"repository": "registry.invalid/f"}}, "ServiceReady", "ServiceUnhealthy"),
    ],
)
async def test_a_function_whose_source_cannot_be_had_fails(
    operator: FunctionOperator, store: Store, source: Object, condition: str, reason: str
) -> None:
    store.create(function(**source))
    await operator.settled()
    assert status(store)["phase"] == "Failed"
    assert reasons(store)[condition] == ("False", reason)
    assert not status(store).get("serviceStatus", {}).get("ready", False)
    assert not operator.is_ready("ai", "pod-restart")


async def test_a_failed_function_that_is_mended_becomes_ready(operator: FunctionOperator, store: Store) -> None:
    store.create(function(type="image", image={"repository": "registry.invalid/f"}))
    await operator.settled()
    mended = {"spec": {"source": {"image": {"repository": "registry.local/f"}}}}
    store.merge("LambdaFunction", "ai", "pod-restart", mended)
    assert not operator.is_ready("ai", "pod-restart")
    await operator.settled()
    assert operator.is_ready("ai", "pod-restart")
    assert status(store)["observedGeneration"] == 2


async def test_a_ready_function_that_is_broken_is_no_longer_ready(operator: FunctionOperator, store: Store) -> None:
    store.create(function())
    await operator.settled()
    store.merge("LambdaFunction", "ai", "pod-restart", {"spec": {"source": {"inline": {"code": ""}}}})
    assert not operator.is_ready("ai", "pod-restart")
    await operator.settled()
    assert status(store)["phase"] == "Failed"


async def test_a_function_that_is_held_stays_deploying_until_released(operator: FunctionOperator, store: Store) -> None:
    await operator.hold("ai", "pod-restart")
    store.create(function())
    store.create(function("scale-deployment"))
    await operator.settled()
    assert status(store)["phase"] == "Deploying"
    assert reasons(store)["ServiceReady"] == ("False", "ServiceDeploying")
    assert not operator.is_ready("ai", "pod-restart")
    assert operator.is_ready("ai", "scale-deployment")
    await operator.release("ai", "pod-restart")
    await operator.settled()
    assert operator.is_ready("ai", "pod-restart")
    await operator.hold("ai", "pod-restart")
    await operator.settled()
    assert not operator.is_ready("ai", "pod-restart")


async def test_a_function_that_is_not_there_is_not_ready(operator: FunctionOperator, store: Store) -> None:
    assert not operator.is_ready("ai", "pod-restart")
    store.create(function())
    assert not operator.is_ready("ai", "pod-restart")
    await operator.settled()
    assert not operator.is_ready("default", "pod-restart")
    store.delete("LambdaFunction", "ai", "pod-restart")
    assert not operator.is_ready("ai", "pod-restart")


async def test_functions_that_go_and_come_again_while_they_are_rolled_out_do_no_harm(store: Store) -> None:
    async with FunctionOperator(store, pace=0.01) as operator:
        for _ in range(3):
            store.create(function())
            with store.watch("LambdaFunction", since=store.version) as changes:
                assert await changes.next(within=5) is not None
            store.delete("LambdaFunction", "ai", "pod-restart")
        store.create(function())
        await operator.settled()
        assert operator.is_ready("ai", "pod-restart")


async def test_of_a_function_that_is_changed_while_it_is_rolled_out_only_the_change_becomes_ready(
    operator: FunctionOperator, store: Store
) -> None:
    store.create(function())
    waiting = asyncio.create_task(operator.settled())
    with store.watch("LambdaFunction", since=store.version) as changes:
        assert await changes.next(within=5)
        store.merge("LambdaFunction", "ai", "pod-restart", {"spec": {"runtime": {"version": "3.12"}}})
        await waiting
        await operator.settled()
        seen = [change.item["status"]["observedGeneration"] for change in changes.drain()]
    assert seen == sorted(seen)
    assert operator.is_ready("ai", "pod-restart")


async def test_functions_are_led_without_anybody_waiting_and_not_after_the_end(store: Store) -> None:
    async with FunctionOperator(store):
        with store.watch("LambdaFunction", since=store.version) as changes:
            store.create(function())
            phase = None
            while phase != "Ready":
                change = await changes.next(within=5)
                assert change is not None
                phase = change.item.get("status", {}).get("phase")
    store.create(function("late"))
    with store.watch("LambdaFunction", since=store.version) as changes:
        assert await changes.next(within=0.05) is None
