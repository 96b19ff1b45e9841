"""The functions' doors: who answers where, and in which form (CONTRACTS §7)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from steps.drivers.functions import DEPLOYMENTS
from steps.drivers.functions import Functions as Driver
from steps.world.cluster.cloudevent import Event, Mode, encode
from steps.world.services.functions import (
    GARBAGE,
    REPLIES,
    SHIPPED,
    Functions,
    Handler,
    declines,
    fails,
    fails_at_first,
    succeeds,
    succeeds_in_any_script,
)

HOST = "http://pod-restart.ai.svc.cluster.local"
CORRELATION = "9b2d1c1e-6f0a-4c55-8a52-0d6f8f4b7a11"


@pytest.fixture
def ready() -> set[tuple[str, str]]:
    """Namespace and name of the functions that serve."""
    return {("ai", name) for name in SHIPPED} | {("shop", "mend-till")}


@pytest.fixture
def functions(ready: set[tuple[str, str]]) -> Functions:
    return Functions(lambda namespace, name: (namespace, name) in ready)


@pytest.fixture
async def client(functions: Functions) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(functions.app)) as client:
        yield client


Call = Callable[..., Any]


@pytest.fixture
def call(client: httpx.AsyncClient) -> Call:
    async def post(host: str = HOST, mode: Mode = "binary", **parameters: Any) -> httpx.Response:
        data = {"name": "checkout-0", "namespace": "shop"} | parameters
        event = Event.of("io.homelab.agent-sre.remediation.request", "agent-sre", data, correlationid=CORRELATION)
        message = encode(event, mode)
        headers = {**dict(message.headers), "X-Correlation-ID": CORRELATION}
        return await client.post(f"{host}/", headers=headers, content=message.body)

    return post


def envelope(response: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()
    return found


# -- who answers


async def test_each_function_answers_at_its_own_name(call: Call) -> None:
    for name in SHIPPED:
        answered = envelope(await call(f"http://{name}.ai.svc.cluster.local"))
        assert (answered["functionName"], answered["namespace"]) == (name, "ai")
    assert envelope(await call("http://mend-till.shop.svc.cluster.local:80"))["namespace"] == "shop"


@pytest.mark.parametrize("path", ["/", "/health", "/metrics"])
async def test_a_function_that_does_not_serve_has_no_address(client: httpx.AsyncClient, path: str) -> None:
    for host in ("mend-till.ai", "pod-restart.shop", "nobody.ai", "pod-restart"):
        method = "POST" if path == "/" else "GET"
        answer = await client.request(method, f"http://{host}.svc.cluster.local{path}")
        assert (answer.status_code, answer.text) == (502, f"could not resolve host {host}.svc.cluster.local")


async def test_a_function_that_stops_serving_is_gone_at_once(call: Call, ready: set[tuple[str, str]]) -> None:
    assert (await call()).status_code == 200
    ready.discard(("ai", "pod-restart"))
    assert (await call()).status_code == 502


@pytest.mark.parametrize("path", ["/health", "/healthz", "/readyz"])
async def test_health_tells_of_the_function_and_its_calls(
    client: httpx.AsyncClient, functions: Functions, call: Call, path: str
) -> None:
    functions.script("checkout-1", fails)
    await call()
    await call(name="checkout-1")
    assert (await client.get(HOST + path)).json() == {
        "status": "healthy",
        "function": "pod-restart",
        "namespace": "ai",
        "invocations": 2,
        "errors": 1,
    }
    metrics = (await client.get(f"{HOST}/metrics")).text
    for status in ("success", "error"):
        labels = f'function="pod-restart",namespace="ai",status="{status}"'
        assert f"knative_lambda_function_invocations_total{{{labels}}} 1\n" in metrics


async def test_only_a_post_at_the_root_is_a_call(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{HOST}/")).status_code == 405
    assert (await client.post(f"{HOST}/invoke")).status_code == 404


# -- what the real runtime answers


@pytest.mark.parametrize("mode", ["binary", "structured"])
async def test_a_success_is_an_event_whose_envelope_holds_the_result(call: Call, mode: Mode) -> None:
    answer = await call(mode=mode)
    assert answer.status_code == 200
    assert "content-type" not in answer.headers
    assert answer.headers["x-correlation-id"] == CORRELATION
    assert answer.headers["ce-type"] == "io.knative.lambda.response.success"
    assert (answer.headers["ce-source"], answer.headers["ce-subject"]) == (
        "io.knative.lambda/pod-restart",
        "pod-restart",
    )
    told = envelope(answer)
    assert told["correlationId"] == CORRELATION and told["invocationId"]
    assert told["result"] == {"statusCode": 200, "body": {"status": "success", "message": "done for checkout-0"}}
    assert set(told["metrics"]) == {"durationMs", "coldStart", "memoryUsedMb"}


async def test_code_that_raises_is_answered_500_with_its_stack(functions: Functions, call: Call) -> None:
    functions.script("checkout-0", fails)
    answer = await call()
    assert (answer.status_code, answer.headers["ce-type"]) == (500, "io.knative.lambda.response.error")
    error = envelope(answer)["error"]
    assert error["message"] == "cannot remediate checkout-0: forbidden by policy"
    assert error["retryable"] is False and error["stack"].startswith("Traceback")
    assert "result" not in envelope(answer)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b'{"name": "checkout-0"}'),
        ({"content-type": "application/json"}, b""),
        ({"ce-id": "1", "ce-source": "agent-sre", "ce-type": "x"}, b"{}"),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "agent-sre", "ce-type": "x"}, b"not JSON"),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "agent-sre", "ce-type": "x"}, b"[1]"),
        ({"content-type": "application/cloudevents+json"}, b'{"specversion": "1.0", "id": "1"}'),
    ],
)
async def test_a_call_that_is_no_event_with_parameters_is_an_error_of_the_code(
    client: httpx.AsyncClient, headers: dict[str, str], body: bytes
) -> None:
    answer = await client.post(f"{HOST}/", headers=headers, content=body)
    assert (answer.status_code, answer.headers["ce-type"]) == (500, "io.knative.lambda.response.error")
    assert envelope(answer)["error"]["message"]


# -- the other forms


@pytest.mark.parametrize("handler", [succeeds, succeeds_in_any_script, declines])
@pytest.mark.parametrize("form", REPLIES)
async def test_every_form_tells_the_result(functions: Functions, call: Call, form: str, handler: Handler) -> None:
    functions.script("pod-restart", handler, REPLIES[form])
    answer = await call()
    assert answer.status_code == 200
    data = answer.json()
    if form != "plain JSON":
        event = from_http_event(HTTPMessage(dict(answer.headers), answer.content))
        assert event.get_type() == "io.knative.lambda.response.success"
        data = event.get_data()
        data = json.loads(data) if isinstance(data, str | bytes) else data
    if form in ("an event in binary mode", "an event in structured mode"):
        data = data["result"]["body"]
    assert data == handler({"name": "checkout-0"})


@pytest.mark.parametrize("form", REPLIES)
async def test_no_form_escapes_letters(functions: Functions, call: Call, form: str) -> None:
    functions.script("pod-restart", succeeds_in_any_script, REPLIES[form])
    assert "checkout-0 läuft wieder ✓ 完了".encode() in (await call()).content


@pytest.mark.parametrize("form", REPLIES)
async def test_no_form_hides_that_the_code_raised(functions: Functions, call: Call, form: str) -> None:
    functions.script("pod-restart", fails, REPLIES[form])
    answer = await call()
    assert answer.status_code == 500
    assert "forbidden by policy" in answer.text


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_looks_well_by_its_status_only(functions: Functions, call: Call, garbage: str) -> None:
    functions.script("pod-restart", succeeds, GARBAGE[garbage])
    answer = await call()
    assert answer.status_code == 200
    try:
        said = answer.json()
    except ValueError:
        return
    assert not (isinstance(said, dict) and "status" in said)


# -- scripts


async def test_a_script_holds_for_one_function_or_for_one_alert(functions: Functions, call: Call) -> None:
    functions.script("pod-restart", fails)
    functions.script("checkout-7", succeeds)
    assert (await call()).status_code == 500
    assert (await call(name="checkout-7")).status_code == 200
    assert (await call("http://pod-check-status.ai.svc.cluster.local")).status_code == 200


async def test_the_latest_script_for_a_word_counts(functions: Functions, call: Call) -> None:
    for handler, status in ((fails, 500), (succeeds, 200)):
        functions.script("pod-restart", handler)
        assert (await call()).status_code == status


async def test_a_function_can_fail_at_first(functions: Functions, call: Call) -> None:
    functions.script("pod-restart", fails_at_first(2))
    assert [(await call()).status_code for _ in range(4)] == [500, 500, 200, 200]


# -- deployments


class Cluster:
    """A Kubernetes driver that remembers what was applied, and an operator that remembers what is held."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.held: list[tuple[str, str]] = []

    def apply(self, manifest: dict[str, Any]) -> str:
        self.objects[manifest["metadata"]["namespace"], manifest["metadata"]["name"]] = manifest
        return "applied"

    def read(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        return self.objects.get((manifest["metadata"]["namespace"], manifest["metadata"]["name"]))

    def delete(self, manifest: dict[str, Any]) -> None:
        del self.objects[manifest["metadata"]["namespace"], manifest["metadata"]["name"]]

    def hold(self, namespace: str, name: str) -> None:
        self.held.append((namespace, name))

    def run(self, done: None) -> None:
        """The loop, on which `hold` has run already."""


@pytest.mark.parametrize(
    ("words", "namespace", "held"),
    [
        ("is ready", "ai", False),
        ("does not exist", None, False),
        ("is still being deployed", "ai", True),
        ("could not be built", "ai", False),
        ("is ready in another namespace only", "shop", False),
    ],
)
def test_a_function_is_deployed_as_the_feature_says(words: str, namespace: str | None, held: bool) -> None:
    cluster = Cluster()
    driver = Driver(cluster, cluster, cluster)  # type: ignore[arg-type]
    driver.deploy("repair-x", DEPLOYMENTS[words])
    assert list(cluster.objects) == ([(namespace, "repair-x")] if namespace else [])
    assert bool(cluster.held) == held
    assert driver.phase("repair-x", DEPLOYMENTS[words]) is None
    for made in cluster.objects.values():
        made["status"] = {"phase": "Ready"}
        assert driver.phase("repair-x", DEPLOYMENTS[words]) == "Ready"


def test_a_removed_function_is_gone() -> None:
    cluster = Cluster()
    driver = Driver(cluster, cluster, cluster)  # type: ignore[arg-type]
    driver.deploy("repair-x", DEPLOYMENTS["is ready"])
    driver.remove("repair-x")
    assert not cluster.objects
