"""What single parts of the suite cost that a run uses again and again."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from graphql import build_schema
from rich.console import Console
from rich.table import Table

from reports import recording, timeline
from reports.recording import Call, Message, Recording
from steps.incident.alert import Rule, make_alert, new_key
from steps.world import manifests
from steps.world.cluster.kubernetes import KubernetesApi
from steps.world.services.linear import Linear
from steps.world.services.linear.schema import SDL
from steps.world.services.trm.model import Model
from steps.world.services.trm.weights import FILE, load
from tests.made_up import MadeUp

KEY = "lin_api_bench"
CREATE = "mutation create($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { identifier } } }"
TIMELINES, CALLS = 150, 30


def main() -> None:
    """Prints what each costs: CPU milliseconds, the least of several, as the rest is neighbours."""
    table = Table("part", "CPU ms", title="Single parts")
    for part, cost in (
        ("a PrometheusRule is created in the Kubernetes API", rule()),
        ("an issue is opened in Linear", issue()),
        ("Linear's schema is made ready", least(lambda: build_schema(SDL.read_text()), 5)),
        ("the model decides", inference()),
        (f"the timeline of a scenario of {CALLS} exchanges", timelines() / TIMELINES),
    ):
        table.add_row(part, f"{cost:.2f}")
    Console().print(table)


def least(action: Callable[[], object], times: int) -> float:
    """The fewest CPU milliseconds that the action has taken."""

    def cost() -> float:
        began = time.process_time()
        action()
        return (time.process_time() - began) * 1000

    return min(cost() for _ in range(times))


def rule() -> float:
    store = KubernetesApi().store
    for made in manifests.cluster():
        store.create(made)
    return least(lambda: store.create(Rule(new_key()).manifest()), 300)


def issue() -> float:
    linear = Linear()
    linear.add_user("agent@bench.example")
    linear.accept(KEY, "agent@bench.example")
    transport = httpx.ASGITransport(linear.app)
    headers = {"authorization": KEY, "content-type": "application/json"}

    async def asked() -> float:
        async with httpx.AsyncClient(transport=transport, base_url="https://api.linear.app", headers=headers) as client:
            teams = await client.post("/graphql", json={"query": "{ teams { nodes { id } } }"})
            team = teams.json()["data"]["teams"]["nodes"][0]["id"]
            variables = {"input": {"teamId": team, "title": "x", "description": "y" * 4000}}
            body = json.dumps({"query": CREATE, "variables": variables})
            costs = []
            for _ in range(50):
                began = time.process_time()
                answer = await client.post("/graphql", content=body)
                costs.append(time.process_time() - began)
                assert answer.json()["data"]["issueCreate"]["success"]
        return min(costs) * 1000

    return asyncio.run(asked())


def inference() -> float:
    model, alert = Model(load(FILE)), make_alert()
    text = f"Alert firing\nlabels: {json.dumps(alert.labels)}\nannotations: {json.dumps(alert.annotations)}"
    return least(lambda: model.conclude(text, 10), 20)


def timelines() -> float:
    """CPU milliseconds of the pages of a run with that many scenarios."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        verdict = MadeUp(place).verdict()
        scenario = verdict.scenarios[0]
        many = [scenario.model_copy(update={"location": f"features/a.feature:{n}"}) for n in range(TIMELINES)]
        course = Recording(
            began=datetime.now(UTC).timestamp(), duration=5, calls=tuple(map(call, range(CALLS))), windows=()
        )
        for one in many:
            kept = recording.path(place, one.location)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(course.model_dump_json())
        verdict = verdict.model_copy(update={"scenarios": tuple(many)})
        return least(lambda: timeline.write(verdict, place), 1)


def call(number: int) -> Call:
    return Call(
        number=number,
        caller="agent-sre",
        callee="linear",
        method="POST",
        url="https://api.linear.app/graphql",
        host="api.linear.app",
        request=Message(headers=(("content-type", "application/json"),), body=json.dumps({"query": CREATE})),
        status=200,
        answer=Message(headers=(), body='{"data": {}}'),
        began=number / 100,
        ended=number / 100 + 0.01,
        fault=None,
        error=None,
        tls="TLSv1.3",
        about=number % 3 > 0,
    )
