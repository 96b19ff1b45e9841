"""The judged programs are started with what the world and the profile give them, and arranged as scenarios ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from behave.step_registry import StepRegistry

from steps.incident.arrangement import arrangement_of, under
from steps.targets.profile import Profile, Workload
from steps.targets.target import Target, TargetUnavailable
from steps.world import hosts
from steps.world.world import World

PROGRAM = """
import http.server, json, os, sys

if os.environ.get("BROKEN"):
    sys.exit("cannot start")

class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ, pid=str(os.getpid()))).encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Door).serve_forever()
"""
"""Tells everybody who asks its process and its environment. It has no braces, which stand for the port."""


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[World, Target]]:
    workload = Workload(command=("{python}", "-c", PROGRAM, "{port}"), environment={"OPERATION_MODE": "agentic"})
    profile = Profile(
        name="mine", agent=workload, converter=workload, arrangements={"hot": {"HEAT": "9"}, "broken": {"BROKEN": "1"}}
    )
    world = World.boot(profile.alerting, profile.delivery)
    try:
        target = Target(profile, world)
        target.start()
        yield world, target
    finally:
        world.close()


@pytest.fixture
def world(running: tuple[World, Target]) -> World:
    return running[0]


@pytest.fixture
def target(running: tuple[World, Target]) -> Iterator[Target]:
    yield running[1]
    running[1].arrange(None)


def told(world: World) -> dict[str, str]:
    """What the agent that now runs tells of itself."""

    async def ask() -> str:
        async with world.gateway.client("test") as client:
            return (await client.get(f"http://{hosts.AGENT}/")).text

    answer: dict[str, str] = json.loads(world.loop.run(ask()))
    return answer


def test_an_arrangement_takes_the_place_of_the_usual_variables_and_goes_again(world: World, target: Target) -> None:
    usual = told(world)
    assert usual["OPERATION_MODE"] == "agentic" and "HEAT" not in usual
    target.arrange("any approval")
    assert told(world)["OPERATION_MODE"] == "supervised"
    target.arrange("hot")
    arranged = told(world)
    assert (arranged["OPERATION_MODE"], arranged["HEAT"]) == ("agentic", "9")
    assert target.arrangement == {"HEAT": "9"}
    target.arrange(None)
    assert "HEAT" not in told(world) and target.arrangement == {}


def test_the_agent_is_told_where_jira_is_and_finds_a_new_token_in_its_place(world: World, target: Target) -> None:
    doors = told(world)
    assert doors["JIRA_URL"] == "https://acceptance.atlassian.net" and doors["JIRA_PROJECT_KEY"] == "HOMELAB"
    assert doors["JIRA_EMAIL"] == "agent-sre@example.com" and "JIRA_API_TOKEN" not in doors
    file = Path(doors["JIRA_API_TOKEN_FILE"])
    assert file.read_text() == world.credentials.jira_api_token and file.stat().st_mode & 0o077 == 0
    target.put_key("JIRA_API_TOKEN", world.credentials.renew_jira(world.journal))
    assert file.read_text() == world.credentials.jira_api_token
    assert world.journal.redact(file.read_text()) == "«jira_api_token»"


def test_only_a_change_restarts_the_agent_and_nothing_is_left_of_the_one_before(world: World, target: Target) -> None:
    usual = told(world)["pid"]
    target.arrange(None)
    assert told(world)["pid"] == usual
    target.arrange("hot")
    hot = told(world)["pid"]
    target.arrange("hot")
    assert told(world)["pid"] == hot != usual
    assert not psutil.pid_exists(int(usual))


def test_an_arrangement_that_nobody_knows_is_named_with_the_known_ones(world: World, target: Target) -> None:
    before = told(world)["pid"]
    with pytest.raises(TargetUnavailable, match=r"no arrangement 'cold', only .*'hot'"):
        target.arrange("cold")
    assert told(world)["pid"] == before


def test_an_agent_that_does_not_start_so_is_the_environments_fault_and_comes_back(world: World, target: Target) -> None:
    with pytest.raises(TargetUnavailable, match="agent-sre"):
        target.arrange("broken")
    target.arrange(None)
    target.require_running()
    assert told(world)["OPERATION_MODE"] == "agentic"


def test_a_sentence_tells_its_arrangement_also_through_the_registry() -> None:
    @under("hot")
    def hot(_: object) -> None: ...

    registry = StepRegistry()
    registry.add_step_definition("given", "agent-sre is hot", hot)
    [definition] = registry.steps["given"]
    assert arrangement_of(definition.func) == "hot"
    assert arrangement_of(lambda _: None) is None
    assert arrangement_of(None) is None
