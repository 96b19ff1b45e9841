"""The TRM model is trained with a seed, loaded from a checked file, and asked as CONTRACTS §9 says."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from steps.drivers.linear import Comment, Issue
from steps.incident.alert import Alert, make_alert
from steps.incident.incident import Incident
from steps.incident.model import (
    KINDS,
    alert_about,
    answer_in,
    does,
    has_it_done,
    mistaken_about,
    names_substitute,
    tells_fallback,
    to_be_followed,
)
from steps.incident.model import Model as Claims
from steps.incident.remediation import Remediation
from steps.incident.texts import CONTENTS
from steps.incident.waiting import BedNotReady, Waiting
from steps.reference.agent import choice as choosing
from steps.reference.agent import trm as asking
from steps.reference.agent.alert import Alert as AgentAlert
from steps.reference.agent.metrics import Metrics
from steps.reference.calls import Retries
from steps.reference.doors import Work
from steps.targets.profile import Limits, Rulings
from steps.world.cluster.cloudevent import Event, encode
from steps.world.journal import Exchange, Journal
from steps.world.services.functions import SHIPPED
from steps.world.services.signals import Signals
from steps.world.services.trm import DAMAGES, MISTAKES, UNRATED, UNSURE, WORDINGS, Trm, as_sure_as
from steps.world.services.trm.answers import Answer
from steps.world.services.trm.model import Model, words
from steps.world.services.trm.parameters import parameters, stated
from steps.world.services.trm.phrases import HELD_OUT, LEARNT, NONE
from steps.world.services.trm.prompts import prompt
from steps.world.services.trm.train import accuracy, train
from steps.world.services.trm.weights import FILE, CorruptWeightsError, MissingWeightsError, load, write
from tests.test_claims import refused

REMEDIES = dict(zip(KINDS, SHIPPED, strict=True))
"""What remedies each kind of alert that the features speak of."""

# -- the model


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(load(FILE))


def test_training_again_with_the_seed_makes_the_same_weights_which_know_what_they_never_saw() -> None:
    weights = train()
    assert weights == load(FILE)
    assert accuracy(Model(weights)) >= 0.9


def test_the_model_is_tiny_and_knows_the_seven_functions(model: Model) -> None:
    assert model.weights.classes == (*SHIPPED, NONE) == tuple(LEARNT)
    assert 1_000 < model.weights.count < 10_000


def test_what_the_model_is_examined_with_was_not_in_its_training() -> None:
    for label, phrases in HELD_OUT.items():
        assert not set(phrases) & set(LEARNT[label])


def test_the_model_refines_its_answer_with_every_iteration(model: Model) -> None:
    text = prompt(Random(1), HELD_OUT["pod-restart"][0])
    seen = [model.conclude(text, iterations).confidence for iterations in (1, 2, 3, 30, 31)]
    assert len({round(confidence, 4) for confidence in seen[:3]}) == 3
    assert seen[3] == pytest.approx(seen[4], abs=1e-3), "the answer comes to rest"


def told(alert: Alert, style: int = 0) -> str:
    """The alert in a prompt that the training does not know."""
    if style == 0:
        return f"Alert firing\nlabels: {json.dumps(alert.labels)}\nannotations: {json.dumps(alert.annotations)}"
    if style == 1:
        return "\n".join(f"- **{name}:** `{value}`" for name, value in (alert.labels | alert.annotations).items())
    return (
        "Decide which tool to use.\npod-restart: restart a pod that crashes\nscale-deployment: more or fewer replicas\n"
        "check-pvc-status: look at a persistent volume claim\nflux-reconcile-helmrelease: force a HelmRelease\n"
        f"Alert {alert.name} says {alert.annotations['description']} Labels are {alert.labels}"
    )


@pytest.mark.parametrize("style", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_the_model_knows_the_remedy_however_the_agent_words_its_question(model: Model, kind: str, style: int) -> None:
    concluded = model.conclude(told(alert_about(KINDS[kind]), style), 10)
    assert concluded.label == REMEDIES[kind] and concluded.confidence > 0.8


@pytest.mark.parametrize("style", range(3))
def test_the_model_knows_that_the_alerts_of_other_scenarios_have_no_remedy(model: Model, style: int) -> None:
    for content in (({}, {}), *CONTENTS.values()):
        alert = make_alert(labels=content[0])
        alert.annotations |= content[1]
        assert model.conclude(told(alert, style), 10).label == NONE
        asked = model.conclude(asking.problem(known(alert)), 10)
        assert asked.label == NONE and asked.confidence > 0.9, "the reference leaves no comment on them"


def test_names_are_no_words_so_that_every_pod_reads_the_same() -> None:
    assert words("KubePodCrashLooping_v3f9a pod-restart checkout-v12ab OOMKilled flux_system") == (
        ["kube", "pod", "crash", "looping", "pod-restart", "oom", "killed", "flux", "system"]
    )


# -- its file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    copy = tmp_path / FILE.name
    copy.write_bytes(FILE.read_bytes())
    return copy


def test_a_written_file_is_loaded_unchanged(file: Path) -> None:
    weights = load(file)
    write(weights, file)
    assert load(file) == weights and file.read_bytes() == FILE.read_bytes()


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage != "is missing"])
def test_a_damaged_file_is_not_loaded(file: Path, damage: str) -> None:
    DAMAGES[damage](file)
    with pytest.raises(CorruptWeightsError, match=r"weights\.json"):
        load(file)


def test_a_missing_file_is_told_from_a_corrupt_one(file: Path) -> None:
    DAMAGES["is missing"](file)
    with pytest.raises(MissingWeightsError):
        load(file)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"7", b"null", b"{}", b'{"checksum": 1}'])
def test_a_file_that_was_never_a_model_is_corrupt(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(CorruptWeightsError):
        load(file)


# -- the service


@pytest.fixture
def trm(tmp_path: Path) -> Trm:
    service = Trm()
    service.install(tmp_path)
    return service


@pytest.fixture
async def client(trm: Trm) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(trm.app), base_url="http://trm") as client:
        yield client


CRASH = alert_about(KINDS["a pod that crashes again and again"])


async def reason(client: httpx.AsyncClient, alert: Alert = CRASH, **more: Any) -> httpx.Response:
    return await client.post("/reason", json={"problem": told(alert), "max_iterations": 10} | more)


async def test_health_reports_the_models_state(client: httpx.AsyncClient, trm: Trm) -> None:
    healthy = (await client.get("/health")).json()
    assert healthy["status"] == "healthy" and healthy["model_loaded"] is True
    assert healthy["model"]["state"] == "loaded" and healthy["model"]["weights"] > 1_000
    for damage, state in (("is missing", "missing"), ("is cut short", "corrupt"), ("has been altered", "corrupt")):
        trm.damage(damage)
        answer = await client.get("/health")
        assert answer.status_code == 200 and answer.json()["model_loaded"] is False
        assert answer.json()["model"]["state"] == state and answer.json()["model"]["error"]
        assert (await reason(client)).status_code == 503
        trm.restore()
    assert (await reason(client)).status_code == 200


async def test_the_answer_is_text_that_holds_the_object(client: httpx.AsyncClient) -> None:
    answer = await reason(client)
    assert list(answer.json()) == ["result"]
    text = answer.json()["result"]
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(text)
    meant = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert meant["lambda_function"] == "pod-restart" and 0.8 < meant["confidence"] <= 1 and meant["reasoning"]
    assert meant["parameters"] == {"name": CRASH.pod, "namespace": "shop", "type": "pod"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"problem": ""}',
        b'{"problem": 7}',
        b'{"problem": "x", "max_iterations": 0}',
        b'{"problem": "x", "max_iterations": "ten"}',
        b'{"problem": "x", "max_iterations": 1e9}',
    ],
)
async def test_what_is_no_question_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/reason", content=body)
    assert answer.status_code == 422 and answer.json()["detail"]


async def test_only_the_two_doors_are_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/reason")).status_code == 405
    assert (await client.get("/")).status_code == 404


async def test_a_slow_answer_holds_up_no_other(client: httpx.AsyncClient, trm: Trm) -> None:
    slow = alert_about(KINDS["a volume that is almost full"])
    trm.ponder(slow.mark, 60)
    held = asyncio.create_task(reason(client, slow))
    assert (await reason(client)).status_code == 200
    assert not held.done()
    held.cancel()


async def test_wordings_and_mistakes_are_those_of_one_alert(client: httpx.AsyncClient, trm: Trm) -> None:
    other = alert_about(KINDS["a volume that is almost full"])
    trm.word(other.mark, MISTAKES["a function that does not exist"])
    assert "delete-namespace" in (await reason(client, other)).json()["result"]
    assert "delete-namespace" not in (await reason(client)).json()["result"]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("pod-restart", {"name": "p-1", "namespace": "shop", "type": "pod"}),
        ("scale-deployment", {"name": "web", "namespace": "shop", "replicas": 3}),
        ("check-pvc-status", {"name": "data-0", "namespace": "shop"}),
        ("flux-reconcile-helmrelease", {"name": "apps", "namespace": "shop"}),
        (NONE, {}),
    ],
)
def test_parameters_are_read_out_of_the_prompt(function: str, expected: dict[str, Any]) -> None:
    labels = {"alertname": "A", "pod": "p-1", "deployment": "web", "namespace": "shop"}
    labels |= {"persistentvolumeclaim": "data-0", "name": "apps"}
    for text in (
        json.dumps({"labels": labels}),
        json.dumps(json.dumps(labels)),
        ", ".join(f'{name}="{value}"' for name, value in labels.items()),
        "Alert name: A\n" + "\n".join(f"- **{name}:** `{value}`" for name, value in labels.items()),
    ):
        assert parameters(function, text) == expected


def test_what_the_prompt_does_not_state_is_not_read() -> None:
    assert stated("the pod is gone, its podname: x", "pod") is None
    assert parameters("pod-restart", "nothing") == {}


SIGNATURES = """Functions:
- pod-restart(name: string, namespace: string, type: string)
- pod-check-status(pod: str, namespace: str = "default")
- scale-deployment(deployment: string, namespace: string, replicas: integer)
- check-pvc-status(pvc: string, persistentvolumeclaim: string | null, namespace: string)
- flux-reconcile-*(name: string, kustomization: optional, namespace: string)
"""
ANSWER = (
    'Answer as {"lambda_function": "pod-restart", "parameters": {"name": "my-pod", "namespace": "default", '
    '"replicas": 9}, "confidence": 0.9}'
)
EXAMPLES = """Alert: {"alertname": "PodCrashed", "namespace": "prod", "pod": "web-1", "deployment": "a", "name": "a"}
Answer: pod-restart, {"pod": "web-1", "namespace": "prod"}

"""


@pytest.mark.parametrize("style", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SIGNATURES, ""),
        (f"{ANSWER}\n", ""),
        ("", f"\n{ANSWER}"),
        (EXAMPLES, ""),
        (f"{SIGNATURES}{ANSWER}\n{EXAMPLES}", f"\n\n{SIGNATURES}{ANSWER}"),
    ],
    ids=["signatures", "answer before", "answer after", "examples", "all"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_prompt_holds_beside_the_alert_is_not_read(kind: str, before: str, after: str, style: int) -> None:
    alert, function = alert_about(KINDS[kind]), REMEDIES[kind]
    worded = told(alert, style) if style < 3 else asking.problem(known(alert))
    read = parameters(function, worded)
    assert parameters(function, before + worded + after) == read
    assert read["namespace"] == alert.labels["namespace"] and read["name"] in alert.labels.values()


def test_capitals_are_read_where_the_prompt_writes_only_them() -> None:
    text = "Alert: PodCrashLooping\nNamespace: shop\nPod: p-1\nName: PodCrashLooping\nlabels: name=apps, severity=info."
    assert parameters("pod-restart", text) == {"name": "p-1", "namespace": "shop", "type": "pod"}
    assert parameters("flux-reconcile-helmrelease", text) == {"name": "apps", "namespace": "shop"}


# -- the reference


class Questions:
    """An agent's part in asking: its model client over a transport of the test's own."""

    def __init__(self, handler: Any, timeout: float = 1) -> None:
        self.metrics = Metrics()
        self.work = Work()
        client = httpx.AsyncClient(transport=handler)
        self.trm = asking.Trm(client, "http://trm", timeout, Retries(2, 0.01), self.metrics, self.work)
        self.chooser = choosing.Chooser(self.trm, self.metrics)

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0


def known(alert: Alert, **labels: str) -> AgentAlert:
    return AgentAlert(
        alertname=alert.name,
        status="firing",
        labels=alert.labels | labels,
        annotations=alert.annotations,
        startsAt="2026-11-23T13:27:01Z",
        endsAt=None,
        generatorURL="",
        severity="warning",
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_the_reference_follows_the_model(trm: Trm, kind: str) -> None:
    asked = Questions(httpx.ASGITransport(trm.app))
    chosen = await asked.chooser.choose(known(alert_about(KINDS[kind])))
    assert chosen.plan and chosen.plan.function == REMEDIES[kind] and chosen.fallback is None
    assert asked.metric("agent_sre_trm_model_loaded") == 1
    assert asked.metric("agent_sre_trm_inference_total", status="success") == 1


async def test_the_reference_believes_the_model_that_there_is_no_remedy(trm: Trm) -> None:
    chosen = await Questions(httpx.ASGITransport(trm.app)).chooser.choose(known(make_alert()))
    assert chosen.plan is None and chosen.fallback is None


@pytest.mark.parametrize("wording", WORDINGS)
async def test_the_reference_understands_every_wording(trm: Trm, wording: str) -> None:
    trm.word(CRASH.mark, WORDINGS[wording])
    chosen = await Questions(httpx.ASGITransport(trm.app)).chooser.choose(known(CRASH))
    assert chosen.plan and chosen.plan.parameters["name"] == CRASH.pod


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_reference_follows_no_mistake_and_lets_the_rules_choose(trm: Trm, mistake: str) -> None:
    trm.word(CRASH.mark, MISTAKES[mistake])
    asked = Questions(httpx.ASGITransport(trm.app))
    chosen = await asked.chooser.choose(known(CRASH))
    assert chosen.fallback and chosen.plan
    assert chosen.plan.function == "pod-restart" and chosen.plan.parameters["name"] == CRASH.pod
    assert asked.metric("agent_sre_trm_fallback_total", reason="unusable") == 1


async def test_the_reference_does_not_follow_a_model_that_is_not_sure(trm: Trm) -> None:
    asked = Questions(httpx.ASGITransport(trm.app))
    trm.word(CRASH.mark, replace(UNSURE, confidence=0.6999))
    chosen = await asked.chooser.choose(known(CRASH))
    assert chosen.fallback and "0.6999" in chosen.fallback
    assert asked.metric("agent_sre_trm_fallback_total", reason="low_confidence") == 1
    trm.word(CRASH.mark, replace(UNSURE, confidence=0.7))
    assert (await asked.chooser.choose(known(CRASH))).fallback is None


@pytest.mark.parametrize(("confidence", "expected"), [(0.71, True), (0.7, True), (0.69, False)])
async def test_a_model_that_is_just_sure_enough_is_to_be_followed(
    trm: Trm, client: httpx.AsyncClient, confidence: float, expected: bool
) -> None:
    trm.word(CRASH.mark, as_sure_as(confidence))
    asked = await reason(client)
    answer = answer_in(exchange("http://trm/reason", {}, asked.json()))
    assert answer["confidence"] == confidence and answer["parameters"]["name"] == CRASH.pod
    chosen = await Questions(httpx.ASGITransport(trm.app)).chooser.choose(known(CRASH))
    assert (chosen.fallback is None) is expected
    if expected:
        to_be_followed(answer, CRASH, 0.7)
    else:
        with pytest.raises(BedNotReady):
            to_be_followed(answer, CRASH, 0.7)


async def test_the_reference_does_not_follow_a_model_that_does_not_say_how_sure_it_is(trm: Trm) -> None:
    asked = Questions(httpx.ASGITransport(trm.app))
    trm.word(CRASH.mark, UNRATED)
    chosen = await asked.chooser.choose(known(CRASH))
    assert chosen.fallback and chosen.plan and chosen.plan.function == "pod-restart"
    assert asked.metric("agent_sre_trm_fallback_total", reason="unusable") == 1


def test_an_answer_that_is_not_rated_lacks_the_confidence_and_nothing_else() -> None:
    meant = Answer("pod-restart", {"name": CRASH.pod}, "It crashes.", 0.9)
    (told,) = re.findall(r"{.*}", UNRATED(meant))
    wrong = {"name": CRASH.pod, "replicas": 7}
    expected = {"lambda_function": "scale-deployment", "parameters": wrong, "reasoning": "It crashes."}
    assert json.loads(told) == expected


async def test_where_the_rules_know_nothing_either_people_take_care(trm: Trm) -> None:
    alert = make_alert()
    trm.word(alert.mark, UNSURE)
    chosen = await Questions(httpx.ASGITransport(trm.app)).chooser.choose(known(alert))
    assert chosen.fallback and chosen.plan is None


@pytest.mark.parametrize("damage", DAMAGES)
async def test_the_reference_reports_a_model_that_is_not_loaded_and_one_that_is_again(trm: Trm, damage: str) -> None:
    asked = Questions(httpx.ASGITransport(trm.app))
    trm.damage(damage)
    chosen = await asked.chooser.choose(known(CRASH))
    assert chosen.fallback and chosen.plan
    assert asked.metric("agent_sre_trm_model_loaded") == 0
    assert asked.metric("agent_sre_trm_fallback_total", reason="not_loaded") == 1
    trm.restore()
    assert (await asked.chooser.choose(known(CRASH))).fallback is None
    assert asked.metric("agent_sre_trm_model_loaded") == 1


async def test_a_model_that_is_lost_after_the_look_is_reported_too(trm: Trm) -> None:
    asked = Questions(httpx.ASGITransport(trm.app))
    await asked.trm.look()
    trm.damage("is missing")
    assert (await asked.chooser.choose(known(CRASH))).fallback
    assert asked.metric("agent_sre_trm_model_loaded") == 0


HEALTHY = {"status": "healthy", "model_loaded": True}


@pytest.mark.parametrize(
    ("health", "answer"),
    [
        (httpx.Response(200, json=HEALTHY), httpx.Response(500)),
        (httpx.Response(200, json=HEALTHY), httpx.Response(422, json={})),
        (httpx.Response(200, json=HEALTHY), httpx.Response(200, text="<html>")),
        (httpx.Response(200, json=HEALTHY), httpx.Response(200, json=[])),
        (httpx.Response(200, json=HEALTHY), httpx.Response(200, json={"result": None})),
        (httpx.Response(200, json={"status": "healthy"}), httpx.Response(200, json={"result": "{}"})),
        (httpx.Response(200, json=[]), httpx.Response(200, json={"result": "{}"})),
        (httpx.Response(200, text="OK"), httpx.Response(200, json={"result": "{}"})),
        (httpx.Response(503), httpx.Response(200, json={"result": "{}"})),
    ],
)
async def test_whatever_the_service_answers_the_reference_goes_on(
    health: httpx.Response, answer: httpx.Response
) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        return health if request.method == "GET" else answer

    chosen = await Questions(httpx.MockTransport(serve)).chooser.choose(known(CRASH))
    assert chosen.fallback and chosen.plan and chosen.plan.function == "pod-restart"


async def test_a_service_that_hangs_is_given_up_in_time() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=HEALTHY)
        await asyncio.sleep(60)
        raise AssertionError

    chosen = await Questions(httpx.MockTransport(hang), timeout=0.1).chooser.choose(known(CRASH))
    assert chosen.fallback


async def test_many_questions_are_asked_side_by_side_after_one_look() -> None:
    looks, open_, most = 0, 0, 0

    async def serve(request: httpx.Request) -> httpx.Response:
        nonlocal looks, open_, most
        if request.method == "GET":
            looks += 1
            return httpx.Response(200, json=HEALTHY)
        open_ += 1
        most = max(most, open_)
        await asyncio.sleep(0.05)
        open_ -= 1
        return httpx.Response(200, json={"result": '{"lambda_function": "none", "confidence": 1.0}'})

    asked = Questions(httpx.MockTransport(serve))
    chosen = await asyncio.gather(*(asked.chooser.choose(known(CRASH)) for _ in range(20)))
    assert [one.fallback for one in chosen] == [None] * 20
    assert most == 20 and looks == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "{" * 30_000,
        '{"lambda_function": "pod-restart"}',
        '{"lambda_function": "pod-restart", "confidence": NaN}',
        '{"lambda_function": "pod-restart", "confidence": 1.5}',
        '{"lambda_function": "pod-restart", "confidence": "high"}',
        '{"lambda_function": "pod-restart", "confidence": true}',
        '{"lambda_function": "", "confidence": 1}',
        '{"lambda_function": ["pod-restart"], "confidence": 1}',
        '{"lambda_function": "pod-restart", "parameters": "all", "confidence": 1}',
        "{'lambda_function': 'pod-restart', 'confidence': 1}",
    ],
)
def test_a_text_without_a_sound_proposal_is_unusable(text: str) -> None:
    with pytest.raises(asking.UnusableError):
        asking.parse(text)


@pytest.mark.parametrize(
    ("function", "unsafe"),
    [
        ("pod-restart", {"name": ["checkout"]}),
        ("pod-restart", {"name": "another-pod"}),
        ("pod-restart", {"namespace": "default"}),
        ("pod-restart", {"namespace": None}),
        ("pod-restart", {"options": {"deep": ["fine", "`reboot`"]}}),
        ("pod-restart", {"options": {"$(reboot)": 1}}),
        ("pod-check-status", {"selector": "app=*"}),
        ("scale-deployment", {"replicas": -1}),
        ("scale-deployment", {"replicas": 21}),
        ("scale-deployment", {"replicas": 2.5}),
        ("scale-deployment", {"replicas": "3"}),
        ("scale-deployment", {"replicas": True}),
        ("scale-deployment", {}),
        ("pod_restart", {}),
        ("../pod-restart", {}),
    ],
)
def test_what_is_not_safe_is_not_planned(function: str, unsafe: dict[str, Any]) -> None:
    proposed = asking.Proposal(lambda_function=function, parameters=unsafe, confidence=1.0)
    with pytest.raises(asking.UnusableError):
        asking.plan_of(proposed, known(CRASH))


# -- the claims

SCALE, POD = "http://scale-deployment", "http://pod-restart.ai.svc.cluster.local/"


def exchange(url: str, body: dict[str, Any], answer: dict[str, Any] | None = None) -> Exchange:
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "t", "ce-source": "s"}
    return Journal().record(
        caller="agent-sre",
        callee="functions",
        method="POST",
        url=url,
        request_headers=(("content-type", "application/json"), *event.items()),
        request_body=json.dumps(body).encode(),
        status=200,
        response_body=json.dumps(answer).encode(),
    )


@pytest.mark.parametrize(
    ("mistake", "url", "body", "expected"),
    [
        ("a scaling to nothing", "http://scale-deployment.ai.svc.cluster.local/", {"replicas": 0}, True),
        ("a scaling to nothing", "http://scale-deployment.ai.svc.cluster.local/", {"replicas": 3}, False),
        ("a scaling to nothing", "http://pod-restart.ai.svc.cluster.local/", {"replicas": 0}, False),
        ("a name that only begins like a function's", f"{SCALE}-now.ai.svc.cluster.local/", {"replicas": 7}, True),
        ("a name that only begins like a function's", f"{SCALE}.ai.svc.cluster.local/", {"replicas": 7}, True),
        ("a name that only begins like a function's", f"{SCALE}.ai.svc.cluster.local/", {"replicas": 5}, False),
        ("a shell command among nested parameters", POD, {"options": {"after": ["reboot; true"]}, "name": "x"}, True),
        ("a shell command among nested parameters", POD, {"name": "x"}, False),
        ("a pod that is not the alert's", POD, {"name": "payment-7d9c5b6f4-x2x9q", "namespace": "shop"}, True),
        ("a pod that is not the alert's", POD, {"name": "checkout-7d9c5b6f4-x2x9q", "namespace": "shop"}, False),
        ("a function that does not exist", "http://delete-namespace.ai.svc.cluster.local/", {}, True),
        ("an address in place of a function", "http://evil.example.com/run?.ai.svc.cluster.local/", {}, True),
    ],
)
def test_a_call_that_follows_a_mistake_is_told_from_one_that_does_not(
    mistake: str, url: str, body: dict[str, Any], expected: bool
) -> None:
    assert does(exchange(url, body), MISTAKES[mistake]) is expected


BROKER = "http://lambda-broker-broker-ingress.knative-lambda.svc.cluster.local/"
TRIGGERS: list[tuple[str, dict[str, Any], bool]] = [
    ("a scaling to nothing", {"lambda_function": "scale-deployment", "parameters": {"replicas": 0, "name": "x"}}, True),
    ("a scaling to nothing", {"function": {"name": "scale-deployment", "parameters": '{"replicas": 0}'}}, True),
    ("a scaling to nothing", {"lambda_function": "scale-deployment", "parameters": {"replicas": 3}}, False),
    ("a scaling to nothing", {"lambda_function": "pod-restart", "parameters": {"name": "x"}}, False),
    ("a name that only begins like a function's", {"name": "scale-deployment", "with": [{"replicas": 7}]}, True),
    ("a function that does not exist", {"lambda_function": "delete-namespace", "parameters": {}}, True),
    ("a function that does not exist", {"lambda_function": "pod-restart", "parameters": {}}, False),
]


@pytest.mark.parametrize(("mistake", "data", "expected"), TRIGGERS)
def test_an_event_that_has_a_mistake_followed_is_told_from_one_that_does_not(
    mistake: str, data: dict[str, Any], expected: bool
) -> None:
    def published(event_type: str, source: str, *, binary: bool) -> Exchange:
        message = encode(Event.of(event_type, source, data), "binary" if binary else "structured")
        return Journal().record(
            caller="agent-sre",
            callee="broker",
            method="POST",
            url=BROKER,
            request_headers=message.headers,
            request_body=message.body,
            status=202,
        )

    for binary in (True, False):
        trigger = published("io.homelab.agent-sre.lambda.trigger", "/agent-sre/remediation", binary=binary)
        assert has_it_done(trigger, MISTAKES[mistake]) is expected
        assert not does(trigger, MISTAKES[mistake])
        told = published("io.homelab.agent-sre.lambda.refused", "/agent-sre/remediation", binary=binary)
        assert not has_it_done(told, MISTAKES[mistake])


def test_what_is_no_event_has_nothing_done() -> None:
    assert not has_it_done(exchange(BROKER, {"lambda_function": "delete-namespace"}), MISTAKES["no JSON at all"])


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_all_that_is_wrong_with_the_models_answer(model: Model, mistake: str) -> None:
    wrong = MISTAKES[mistake]
    alert = mistaken_about(wrong)
    concluded = model.conclude(told(alert, 0), 10)
    assert concluded.label == next((name for name in SHIPPED if wrong.function.startswith(name)), "pod-restart")
    read = parameters(concluded.label, told(alert, 0))
    assert read["name"] in alert.labels.values()
    assert read["namespace"] == alert.labels["namespace"]


def test_an_answer_without_an_object_is_no_ground_to_judge_on() -> None:
    with pytest.raises(BedNotReady):
        answer_in(exchange("http://trm/reason", {}, {"result": "no idea { }"}))
    good = exchange("http://trm/reason", {}, {"result": 'so {x} {"lambda_function": "none", "parameters": {"a": {}}}'})
    assert answer_in(good)["parameters"] == {"a": {}}


SURE = {"lambda_function": "pod-restart", "parameters": {"name": CRASH.pod, "namespace": "shop"}, "confidence": 0.7}


@pytest.mark.parametrize(
    "parameters",
    [SURE["parameters"], {"name": "checkout", "replicas": 3}, {"namespace": "shop", "options": {"name": "x"}}, {}],
)
def test_a_sure_answer_about_the_alert_is_to_be_followed(parameters: dict[str, Any]) -> None:
    to_be_followed(SURE | {"parameters": parameters}, CRASH, 0.7)


@pytest.mark.parametrize(
    "parameters",
    [{"name": CRASH.pod, "namespace": "default"}, {"name": "my-pod", "namespace": "shop"}, {"name": "my-pod"}],
)
def test_an_answer_about_something_else_is_no_ground_to_judge_on(parameters: dict[str, Any]) -> None:
    with pytest.raises(BedNotReady, match=f"something else .* for {CRASH.called}"):
        to_be_followed(SURE | {"parameters": parameters}, CRASH, 0.7)


@pytest.mark.parametrize("unsure", [{"confidence": 0.69}, {"lambda_function": "none"}])
def test_an_answer_that_knows_no_remedy_is_no_ground_to_judge_on(unsure: dict[str, Any]) -> None:
    with pytest.raises(BedNotReady, match="knows no remedy"):
        to_be_followed(SURE | unsure, CRASH, 0.7)


def issue_saying(text: str) -> Issue:
    said = Comment(id="1", body=text, created_at=datetime.now(UTC), edited_at=None, author_email=None)
    return Issue.model_construct(
        identifier="BVL-1", title="Alert", description="It fires.", comments=(said,), attachments=()
    )


DECIDED = issue_saying("pod-restart was called, as the TRM model chose.")
"""The ticket of an alert about which the model decided."""


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("The TRM model was unavailable, pod-restart was taken instead", True),
        ("Model confidence too low: fell back to pod-restart", True),
        ("The oracle kept silent; pod-restart by rule of thumb", True),
        ("The TRM model chose pod-restart", False),
        ("pod-restart was called", False),
    ],
)
def test_a_ticket_has_to_tell_that_the_model_did_not_decide(comment: str, expected: bool) -> None:
    claim = partial(tells_fallback, issue_saying(comment), make_alert(), DECIDED, make_alert())
    if expected:
        claim()
    else:
        with pytest.raises(AssertionError, match="BVL-1 to tell that the model did not decide"):
            claim()


def test_a_ticket_has_to_name_what_was_called_in_place_of_the_models_choice() -> None:
    names_substitute(issue_saying("The model failed, so pod-restart"), "pod-restart")
    with pytest.raises(AssertionError, match="BVL-1 to name pod-restart"):
        names_substitute(issue_saying("The model failed, so check-pvc-status"), "pod-restart")


def test_the_next_method_may_come_after_several_tries_of_the_model_but_has_to_come() -> None:
    journal, alert = Journal(), alert_about(KINDS["a pod that crashes again and again"])
    waiting = Waiting(journal, Limits(ticket=0.1, recovery=1))
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    issues: Any = SimpleNamespace(quiet=lambda *alerts: None)
    remediation = Remediation(journal, waiting, incident, issues, Rulings())
    claims = Claims(journal, waiting, incident, issues, remediation, None, 0.7)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="but it called none"):
        claims.decided_otherwise(alert, "pod-restart")

    def call() -> None:
        event = {"ce-specversion": "1.0", "ce-id": "1", "ce-type": "t", "ce-source": "s"}
        journal.record(
            caller="agent-sre",
            callee="functions",
            method="POST",
            url="http://pod-restart.ai.svc.cluster.local/",
            request_headers=(("content-type", "application/json"), *event.items()),
            request_body=json.dumps({"name": alert.pod}).encode(),
            status=200,
        )

    threading.Timer(0.4, call).start()
    claims.decided_otherwise(alert, "pod-restart")
    with pytest.raises(AssertionError, match="called pod-restart"):
        claims.decided_otherwise(alert, "scale-deployment")


class Answering:
    """An agent that has each alert's pod restarted, and does not ask the model about it for a while."""

    def __init__(self, left_alone: float = 0, fallbacks: float | None = None) -> None:
        self.journal = Journal()
        self._fallbacks = fallbacks
        self._left_alone_until = self.journal.cursor() + left_alone
        self.fired = 0

    def metric(self, _: str) -> float | None:
        """As at its door."""
        return self._fallbacks

    def publish(self, event: Event) -> None:
        """As at the broker."""
        self.fired += 1
        labels = json.loads(event.data)["labels"]
        meant = SURE | {"parameters": {"name": labels["pod"], "namespace": labels["namespace"]}}
        if self.journal.cursor() >= self._left_alone_until:
            self._call("trm", "http://trm/reason", labels, {"result": json.dumps(meant)})
        self._call("functions", POD, meant["parameters"], {})

    def _call(self, callee: str, url: str, body: Any, answer: Any) -> None:
        called = exchange(url, body, answer)
        self.journal.record(
            caller="agent-sre",
            callee=callee,
            method="POST",
            url=url,
            request_headers=called.request_headers,
            request_body=called.request_body,
            status=200,
            response_body=called.response_body,
        )

    def claims(self) -> Claims:
        """What can be claimed about it."""
        waiting = Waiting(self.journal, Limits(ticket=0.1, recovery=1, again=0.1))
        incident = Incident(self.journal, Signals(), broker=self)  # type: ignore[arg-type]
        issues: Any = SimpleNamespace(quiet=lambda *alerts: None)
        remediation = Remediation(self.journal, waiting, incident, issues, Rulings())
        return Claims(self.journal, waiting, incident, issues, remediation, self, 0.7)  # type: ignore[arg-type]


def test_the_model_decides_about_another_alert_at_once_or_when_it_is_no_longer_left_alone() -> None:
    at_once, later = Answering(), Answering(left_alone=0.4)
    at_once.claims().decides_another()
    later.claims().decides_another()
    assert at_once.fired == 1 and later.fired > 2
    with pytest.raises(AssertionError, match=r"to ask the model about PodCrashLooping_\w+, or .*, but it did not"):
        Answering(left_alone=60).claims().decides_another()


@pytest.mark.parametrize(("counted", "expected"), [(None, True), (7.0, True), (8.0, False)])
def test_an_alert_that_the_model_decides_is_not_counted_as_a_fallback(counted: float | None, expected: bool) -> None:
    claims, before = Answering(fallbacks=counted).claims(), 0.0 if counted is None else 7.0
    if expected:
        claims.no_fallback_counted(CRASH, before)
    else:
        refused(
            lambda: claims.no_fallback_counted(CRASH, before), f"to count no fallback for {CRASH.called}", "from 7 to 8"
        )
