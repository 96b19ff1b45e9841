"""The judged programs are started, arranged, watched and started anew; whatever they do, nothing is left of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from behave.step_registry import StepRegistry
from tenacity import Retrying, stop_after_delay, wait_fixed

from steps.incident.arrangement import arrangement_of, under
from steps.targets.profile import Attached, Profile, Secrets, Workload
from steps.targets.programs import version_of
from steps.targets.surroundings import KEYS, TOLD, TOLD_AGENT, TOLD_CONVERTER, Surroundings
from steps.targets.target import Target, TargetUnavailable, anchors_for, world_for
from steps.world import hosts
from steps.world.processes.loopback import free_port
from steps.world.world import World

PROGRAM = """
import http.server, json, os, sys

if os.environ.get("BROKEN"):
    sys.exit("cannot start")

class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        if self.path == "/write":
            open("written", "w").write("x")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ, pid=str(os.getpid()), where=os.getcwd())).encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Door).serve_forever()
"""
"""Tells everybody who asks its process and its environment; `/die` ends it."""
WORKLOAD = Workload(command=("{python}", "-c", PROGRAM, "{port}"), environment={"OPERATION_MODE": "agentic"})


@contextmanager
def target_of(profile: Profile) -> Iterator[tuple[World, Target]]:
    world = world_for(profile)
    try:
        yield world, Target(profile, world)
    finally:
        world.close()


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[World, Target]]:
    profile = Profile(
        name="mine", agent=WORKLOAD, converter=WORKLOAD, arrangements={"hot": {"HEAT": "9"}, "broken": {"BROKEN": "1"}}
    )
    with target_of(profile) as (world, target):
        target.start()
        yield world, target


@pytest.fixture
def world(running: tuple[World, Target]) -> World:
    return running[0]


@pytest.fixture
def target(running: tuple[World, Target]) -> Iterator[Target]:
    yield running[1]
    running[1].arrange(None)


def told(world: World, path: str = "/", host: str = hosts.AGENT) -> dict[str, str]:
    """What the program that now runs tells of itself."""

    async def ask() -> str:
        async with world.gateway.client("test") as client:
            return (await client.get(f"http://{host}{path}")).text

    answer: dict[str, str] = json.loads(world.loop.run(ask()))
    return answer


def die(world: World, target: Target, host: str = hosts.AGENT) -> None:
    """The program that now runs ends, and that is known."""
    with pytest.raises(httpx.TransportError):
        told(world, "/die", host)
    for attempt in Retrying(stop=stop_after_delay(5), wait=wait_fixed(0.01)):
        with attempt:
            assert target.ended()


# -- versions


def test_a_program_is_told_from_another_state_of_it(tmp_path: Path) -> None:
    own = ("git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com")
    for command in (("init",), ("commit", "--allow-empty", "-m", "first"), ("tag", "v7")):
        subprocess.run([*own, *command], check=True, capture_output=True)
    checkout, said = WORKLOAD.model_copy(update={"directory": tmp_path}), Workload(url="http://a:1", version="2.1")
    assert version_of(checkout) == "v7"
    assert version_of(said) == "2.1"
    assert version_of(Workload(url="http://a:1")) is None
    assert version_of(checkout.model_copy(update={"directory": tmp_path.parent / "nowhere"})) is None


# -- arrangements


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


def test_the_agent_starts_anew_so_that_nothing_is_left_of_what_it_was_about(world: World, target: Target) -> None:
    before = told(world)["pid"]
    logged, log = target.logged(), target.log()
    target.renew_agent()
    assert told(world)["pid"] != before and not psutil.pid_exists(int(before))
    assert target.ended() is None
    assert log and target.log().startswith(log), "what it has logged before is not forgotten"
    assert "GET /" in target.log(logged)


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


# -- what it sees and where it runs


def test_it_sees_the_gateway_and_nothing_of_the_suites_own_environment(
    world: World, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_SUITE", "1")
    target.arrange("hot")
    seen = told(world)
    assert "OF_THE_SUITE" not in seen
    assert {seen[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")} == {seen["HTTP_PROXY"]}
    assert seen["SSL_CERT_FILE"] == str(world.ca_file)
    assert "LINEAR_API_KEY" not in seen and Path(seen["LINEAR_API_KEY_FILE"]).read_text().startswith("lin_api_")


def test_a_scratch_copy_takes_what_it_writes_and_shares_what_is_large(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text(PROGRAM)
    for name in (".git", ".venv"):
        (tmp_path / name).mkdir()
    workload = Workload(
        command=("{python}", "src/main.py", "{port}"),
        directory=tmp_path,
        scratch=True,
        environment={"PYTHONPATH": "{directory}/src"},
    )
    with target_of(Profile(name="mine", agent=workload, converter=WORKLOAD)) as (world, target):
        target.start()
        seen = told(world, "/write")
        there = Path(seen["where"])
        assert there != tmp_path and seen["PYTHONPATH"] == f"{there}/src"
        assert (there / "written").exists() and not (tmp_path / "written").exists()
        assert (there / ".venv").is_symlink() and not (there / ".git").exists()
    assert not there.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", ".venv", "src"]


def test_a_key_in_the_environment_is_changed_by_a_restart() -> None:
    profile = Profile(name="mine", agent=WORKLOAD, converter=WORKLOAD, secrets=Secrets(reach="environment"))
    with target_of(profile) as (world, target):
        target.start()
        before = told(world)
        assert before["LINEAR_API_KEY"] == world.credentials.linear_api_key
        target.put_key("LINEAR_API_KEY", world.credentials.renew_linear(world.journal))
        after = told(world)
        assert after["LINEAR_API_KEY"] == world.credentials.linear_api_key != before["LINEAR_API_KEY"]


# -- what does not stay up


def test_a_program_that_dies_is_started_once_more_and_then_given_up() -> None:
    with target_of(Profile(name="mine", agent=WORKLOAD, converter=WORKLOAD)) as (world, target):
        target.start()
        assert target.ended() is None
        die(world, target)
        assert target.ended() == "agent-sre ended with exit code 7."
        target.require_running()
        assert target.ended() is None
        die(world, target, hosts.CONVERTER)
        target.require_running()
        die(world, target)
        sentence = "agent-sre ended with exit code 7 again after it had been started once more; see its log."
        for _ in range(2):
            with pytest.raises(TargetUnavailable, match=sentence):
                target.require_running()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/no/such/program",), "agent-sre could not be started: No such file or directory: /no/such/program"),
        (("{python}", "-c", "raise SystemExit('no licence')"), "exit code 1; the last line of its log is: no licence"),
        (("{python}", "-c", "import time; time.sleep(60)"), "agent-sre was not ready within 0.5 s; its log is empty"),
    ],
)
def test_a_command_that_does_not_start_is_one_sentence(command: tuple[str, ...], words: str) -> None:
    profile = Profile.model_validate(
        {"name": "mine", "agent": {"command": command}, "converter": WORKLOAD, "limits": {"start": 0.5}}
    )
    with target_of(profile) as (_, target), pytest.raises(TargetUnavailable) as error:
        target.start()
    assert words in str(error.value)


def test_a_program_that_ignores_the_request_to_end_and_floods_its_log_leaves_nothing() -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x' * 10**7)\n" + PROGRAM
    workload = Workload(command=("{python}", "-c", stubborn, "{port}"))
    with target_of(Profile(name="mine", agent=workload, converter=WORKLOAD)) as (world, target):
        target.start()
        pid, directory = int(told(world)["pid"]), world.directory
        assert len(target.log()) > 10**7
    assert not psutil.pid_exists(pid)
    assert not directory.exists()


# -- programs that run already


@pytest.fixture
def attached(tmp_path: Path) -> Profile:
    port = free_port()
    return Profile(
        name="mine",
        agent=Workload(url=f"http://127.0.0.1:{port}", log=tmp_path / "agent.log"),
        converter=WORKLOAD,
        attached=Attached(directory=tmp_path / "acceptance", first_port=ports_in_a_row()),
    )


def ports_in_a_row() -> int:
    """The first of ten ports that no other process of these tests is given: free_port gives out single ones, above."""
    return 10_000 + os.getpid() % 700 * 10


def variables_in(text: str) -> set[str]:
    """The variables that a program is told, but for those that are there in small letters, too."""
    return {name for line in text.splitlines() if (name := line.partition("=")[0]).isupper()}


def test_a_program_that_runs_already_finds_the_same_doors_and_keys_in_every_run(attached: Profile) -> None:
    assert attached.agent and attached.agent.url and attached.agent.log
    with target_of(attached) as (world, _):
        agent_env, converter_env = world.loop.run(Surroundings(attached, world, anchors_for(attached)).write_down())
        first = agent_env.read_text()
        certificate = world.ca_file.read_text()
    assert variables_in(first) == {*TOLD, *TOLD_AGENT, *(f"{key}_FILE" for key in KEYS)}
    values = dict(line.split("=", 1) for line in first.splitlines())
    assert values["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == f"http://{values['OTEL_EXPORTER_OTLP_ENDPOINT']}"
    assert variables_in(converter_env.read_text()) == {*TOLD, *TOLD_CONVERTER}
    port = attached.agent.url.rpartition(":")[2]
    shell = f'. {agent_env}; export HTTPS_PROXY LINEAR_API_KEY_FILE; exec {sys.executable} -c "$PROGRAM" {port}'
    with attached.agent.log.open("w") as log:
        running = subprocess.Popen(["sh", "-c", shell], env={"PROGRAM": PROGRAM}, stdout=log, stderr=log)
    try:
        with target_of(attached) as (world, target):
            assert (agent_env.read_text(), world.ca_file.read_text()) == (first, certificate)
            Retrying(stop=stop_after_delay(10), wait=wait_fixed(0.05))(httpx.get, attached.agent.url)
            target.start()
            seen = told(world)
            assert seen["HTTPS_PROXY"] == world.loop.run(world.gateway.door("agent-sre"))
            assert target.agent_pid == running.pid
            world.credentials.renew_linear(world.journal)
            target.put_key("LINEAR_API_KEY", world.credentials.linear_api_key)
            assert Path(seen["LINEAR_API_KEY_FILE"]).read_text() == world.credentials.linear_api_key
            assert "GET /" in target.log()
            with pytest.raises(TargetUnavailable, match="cannot be stopped or started anew"):
                target.arrange("any approval")
            target.renew_agent()
            assert target.agent_pid == running.pid
            running.kill()
            running.wait()
            with pytest.raises(TargetUnavailable, match=r"agent-sre has ended and did not start again: .* not ready"):
                target.require_running()
            renewed = world.credentials.linear_api_key
        with target_of(attached) as (world, _):
            assert world.credentials.linear_api_key == renewed
    finally:
        running.kill()
        running.wait()


def test_a_program_that_should_run_and_does_not_is_one_sentence(attached: Profile) -> None:
    with target_of(attached) as (_, target), pytest.raises(TargetUnavailable) as error:
        target.start()
    assert "start it with the variables that `make doctor` writes down" in str(error.value)


def test_a_log_that_nobody_knows_is_the_environments_fault(attached: Profile) -> None:
    assert attached.agent
    nameless = attached.model_copy(update={"agent": attached.agent.model_copy(update={"log": None})})
    with target_of(nameless) as (_, target):
        target._programs["agent-sre"] = target._program("agent-sre", nameless.agent)  # type: ignore[arg-type]
        with pytest.raises(TargetUnavailable, match="set `log` in the profile"):
            target.log()
