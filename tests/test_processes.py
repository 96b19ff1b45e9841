"""The keeper and its children, and the real servers that run under it."""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path

import httpx
import psutil
import pytest

from steps.world.processes import keeper_process, loopback, tools
from steps.world.processes.alertmanager import Alertmanager, Route
from steps.world.processes.channel import KeeperGone
from steps.world.processes.child import Child, DidNotStart
from steps.world.processes.keeper import Keeper
from steps.world.processes.prometheus import NotConnected, Prometheus
from steps.world.processes.server import ConfigurationRefused
from tests.eventually import eventually

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="adoption and parent death signals are Linux's")

STUBBORN = """
import os, signal, sys, time

def live(name):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(os.path.join(sys.argv[1], f"{name}.new"), "w").write(str(os.getpid()))
    os.rename(os.path.join(sys.argv[1], f"{name}.new"), os.path.join(sys.argv[1], f"{name}.pid"))
    while True:
        time.sleep(60)

if os.fork() == 0:
    live("worker")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        live("daemon")
    os._exit(0)
os.wait()
live("main")
"""
"""A program that ignores SIGTERM, as do its worker and its daemon; argument: where to write their ids."""

OWNER = """
import asyncio, signal, sys
from steps.world.processes.keeper import Keeper

async def main():
    keeper = await Keeper.start()
    (keeper.directory / "secret.key").write_text("secret")
    await keeper.spawn("stubborn", [sys.executable, "-c", sys.argv[1], sys.argv[2]])
    print(keeper.directory, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run directories of this test alone, so that no other's are swept or counted."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return directory


@pytest.fixture
async def keeper(temporary: Path) -> AsyncIterator[Keeper]:
    async with await Keeper.start() as keeper:
        yield keeper


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code, *arguments]


def kill_keeper_of(child: Child) -> None:
    process = psutil.Process(child.pid).parent()
    assert process
    process.kill()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()}


def members(directory: Path) -> list[int]:
    return [int(file.read_text()) for file in directory.glob("*.pid")]


async def family(directory: Path) -> list[int]:
    """The ids of STUBBORN's three processes, once all of them are there."""
    await eventually(lambda: len(members(directory)) == 3)
    return members(directory)


# --- children ---


async def test_a_child_writes_both_streams_to_its_log_and_tells_its_exit_code(keeper: Keeper) -> None:
    code = "import os; os.write(1, b'out\\n'); os.write(2, b'err\\n'); os._exit(3)"
    child = await keeper.spawn("talker", python(code))
    assert await child.wait() == 3
    assert (child.exit_code, child.running) == (3, False)
    assert child.log.read_text() == "out\nerr\n"


async def test_a_child_has_the_given_environment_and_directory_and_no_input(keeper: Keeper, tmp_path: Path) -> None:
    async def output(program: str) -> list[str]:
        child = await keeper.spawn(program, [program], env={"PATH": os.defpath, "WANTED": "grüße"}, cwd=tmp_path)
        await child.wait()
        return child.output().splitlines()

    mark = f"{keeper_process.MARK}={keeper.directory}"
    assert sorted(await output("env")) == sorted([f"PATH={os.defpath}", "WANTED=grüße", mark])
    assert await output("pwd") == [str(tmp_path)]
    assert await output("cat") == []


@on_linux
async def test_a_child_ignores_no_signal_that_its_keeper_ignores(keeper: Keeper) -> None:
    child = await keeper.spawn("status", ["/bin/cat", "/proc/self/status"])
    await child.wait()
    (mask,) = re.findall(r"^SigIgn:\s+(\w+)$", child.output(), re.MULTILINE)
    ignored = {number for number in range(1, 65) if int(mask, 16) >> (number - 1) & 1}
    assert not ignored & signal.valid_signals()  # GNU make has the C library ignore two that nobody can set


async def test_a_missing_program_and_a_missing_directory_are_named(keeper: Keeper) -> None:
    with pytest.raises(DidNotStart, match=r"ghost could not be started: No such file or directory: /no/such/program\."):
        await keeper.spawn("ghost", ["/no/such/program"])
    with pytest.raises(DidNotStart, match=r"No such file or directory: /no/such/place"):
        await keeper.spawn("lost", python("pass"), cwd=Path("/no/such/place"))
    await (await keeper.spawn("ghost", python("pass"))).wait()  # the keeper goes on, and the name is free


async def test_a_file_that_is_no_program_is_named(keeper: Keeper, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(DidNotStart, match="Permission denied"):
        await keeper.spawn("text", [str(tmp_path / "text")])


async def test_a_child_that_ends_at_once_is_not_ready_and_its_last_line_is_shown(keeper: Keeper) -> None:
    child = await keeper.spawn("brief", python("print('one'); print('no licence'); raise SystemExit(4)"))
    with pytest.raises(DidNotStart, match=r"brief ended .* exit code 4; the last line of its log is: no licence\."):
        await child.wait_ready("http://127.0.0.1:9/", within=10)


async def test_a_child_that_never_gets_ready_is_given_up_in_time(keeper: Keeper) -> None:
    child = await keeper.spawn("idle", ["/bin/sleep", "60"])

    async def never() -> bool:
        return False

    with pytest.raises(DidNotStart, match=r"idle was not ready within 0\.05 s; its log is empty\."):
        await child.wait_ready(never, within=0.05)
    assert child.running


async def test_readiness_is_what_the_check_says(keeper: Keeper) -> None:
    child = await keeper.spawn("idle", ["/bin/sleep", "60"])
    answers = iter([False, False, True])

    async def third() -> bool:
        return next(answers)

    await child.wait_ready(third, within=10)
    assert next(answers, None) is None


async def test_an_error_in_the_readiness_check_is_not_swallowed(keeper: Keeper) -> None:
    child = await keeper.spawn("idle", ["/bin/sleep", "60"])

    async def broken() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await child.wait_ready(broken, within=10)


async def test_stopping_is_polite_first_and_then_certain(keeper: Keeper, tmp_path: Path) -> None:
    polite = await keeper.spawn("polite", ["/bin/sleep", "60"])
    await polite.stop()
    assert polite.exit_code == -signal.SIGTERM

    stubborn = await keeper.spawn("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
    await family(tmp_path)
    await stubborn.stop(grace=0.1)
    assert stubborn.exit_code == -signal.SIGKILL
    await stubborn.stop()  # twice does no harm


async def test_what_a_child_leaves_in_its_group_ends_with_it(keeper: Keeper, tmp_path: Path) -> None:
    child = await keeper.spawn("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
    await family(tmp_path)
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    await eventually(lambda: not alive(int((tmp_path / "worker.pid").read_text())))


async def test_a_restart_goes_on_in_the_same_log(keeper: Keeper) -> None:
    child = await keeper.spawn("diary", python("import os, time; print(os.getpid(), flush=True); time.sleep(60)"))
    await eventually(lambda: "\n" in child.output())
    first = child.output()
    await child.restart()
    await eventually(lambda: "\n" in child.output())
    assert child.output() == f"{child.pid}\n" != first
    assert child.log.read_text() == first + child.output()


async def test_a_name_stands_for_one_running_child(keeper: Keeper) -> None:
    child = await keeper.spawn("one", ["/bin/sleep", "60"])
    with pytest.raises(ValueError, match="named one is running already"):
        await keeper.spawn("one", ["/bin/sleep", "60"])
    with pytest.raises(RuntimeError, match="one is running already"):
        await child.start()


async def test_a_child_that_floods_its_log_is_cut_short(keeper: Keeper) -> None:
    flood = f"import os, time; os.write(1, bytes({keeper_process.LOG_LIMIT + 1})); time.sleep(60)"
    child = await keeper.spawn("flood", python(flood))
    await eventually(lambda: b"was emptied" in child.log.read_bytes()[:100])
    assert child.log.stat().st_size < 1000
    assert child.running


# --- the end ---


async def test_closing_ends_every_descendant_and_removes_the_directory(tmp_path: Path) -> None:
    keeper = await Keeper.start()
    assert keeper.directory.stat().st_mode & 0o777 == 0o700
    child = await keeper.spawn("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
    pids = await family(tmp_path)
    await keeper.close()
    assert child.exit_code == -signal.SIGKILL
    assert not any(map(alive, pids))
    assert not keeper.directory.exists()


@on_linux
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
async def test_nothing_is_left_when_the_suite_ends(end: signal.Signals, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", OWNER, STUBBORN, str(tmp_path)]
    owner = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert owner.stdout
    directory = Path((await owner.stdout.readline()).decode().strip())
    pids = await family(tmp_path)
    assert "secret.key" in names(directory)
    owner.send_signal(end)
    await owner.wait()
    await eventually(lambda: not any(map(alive, pids)) and not directory.exists())


@on_linux
async def test_children_die_with_a_killed_keeper_and_closing_sweeps_the_rest(tmp_path: Path) -> None:
    keeper = await Keeper.start()
    child = await keeper.spawn("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
    pids = await family(tmp_path)
    kill_keeper_of(child)
    assert await child.wait() == -signal.SIGKILL
    await eventually(lambda: not alive(child.pid))
    with pytest.raises(KeeperGone):
        await keeper.spawn("late", ["/bin/sleep", "60"])
    await keeper.close()
    assert not any(map(alive, pids))
    assert not keeper.directory.exists()


@on_linux
async def test_a_request_that_a_dying_keeper_never_answers_fails(keeper: Keeper) -> None:
    child = await keeper.spawn("idle", ["/bin/sleep", "60"])
    process = psutil.Process(child.pid).parent()
    assert process
    process.suspend()
    request = asyncio.create_task(keeper.spawn("late", ["/bin/sleep", "60"]))
    await asyncio.sleep(0)
    process.kill()
    with pytest.raises(KeeperGone, match="keeper of the child processes has ended"):
        await request


@on_linux
async def test_the_next_start_sweeps_what_killed_runs_left_and_nothing_else(tmp_path: Path, temporary: Path) -> None:
    running = await Keeper.start()
    (temporary / "somebody-elses").mkdir()
    (temporary / f"{keeper_process.PREFIX}link").symlink_to(tmp_path)

    left = await Keeper.start()
    child = await left.spawn("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
    pids = await family(tmp_path)
    kill_keeper_of(child)
    await child.wait()
    assert left.directory.exists()

    async with await Keeper.start() as swept:
        await eventually(lambda: not left.directory.exists())
        assert not any(map(alive, pids))
        kept = {
            "somebody-elses",
            f"{keeper_process.PREFIX}link",
            running.directory.name,
            swept.directory.name,
        }
        assert names(temporary) == kept
        assert "keeper.lock" not in names(tmp_path), "it followed the link"
        assert await (await running.spawn("works", python("pass"))).wait() == 0
    await running.close()
    await left.close()


# --- ports ---


def test_free_ports_differ_and_are_free() -> None:
    ports = {loopback.free_port() for _ in range(50)}
    assert len(ports) == 50
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_no_two_processes_are_given_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "HIGHEST", loopback.LOWEST + 199)
    with multiprocessing.get_context("fork").Pool(4) as workers:
        ports = workers.map(free_ports, [10] * 12, chunksize=1)
        assert len(set(chain(*ports))) == 120


def free_ports(count: int) -> list[int]:
    return [loopback.free_port() for _ in range(count)]


# --- real servers ---


async def test_prometheus_starts_stops_and_starts_again_at_the_same_address(keeper: Keeper) -> None:
    prometheus = Prometheus(keeper, jobs=[], alertmanagers=[])
    assert not await prometheus.ready()
    await prometheus.start()
    url = prometheus.url
    assert await prometheus.ready()
    await prometheus.stop()
    assert not prometheus.running
    assert not await prometheus.ready()
    with pytest.raises(NotConnected, match="not running"):
        await prometheus.wait_connected(within=10)
    await prometheus.restart()
    assert prometheus.url == url
    assert await prometheus.ready()


async def test_prometheus_takes_up_rules_and_refuses_bad_ones(keeper: Keeper) -> None:
    prometheus = Prometheus(keeper, jobs=[], alertmanagers=[])
    await prometheus.start()

    async def rules() -> list[str]:
        async with loopback.client() as client:
            groups = (await client.get(f"{prometheus.url}/api/v1/rules")).json()["data"]["groups"]
        return [rule["name"] for group in groups for rule in group["rules"]]

    (prometheus.rules / "good.yaml").write_text("groups: [{name: g, rules: [{alert: Good, expr: vector(1)}]}]")
    await prometheus.reload()
    assert await rules() == ["Good"]
    (prometheus.rules / "bad.yaml").write_text("groups: [{name: b, rules: [{alert: Bad, expr: 'sum('}]}]")
    with pytest.raises(ConfigurationRefused, match=r"prometheus refused its configuration: .*"):
        await prometheus.reload()
    assert await rules() == ["Good"]


async def test_prometheus_that_cannot_connect_says_what_is_missing(keeper: Keeper) -> None:
    prometheus = Prometheus(keeper, jobs=[], alertmanagers=["alertmanager:9093"])
    await prometheus.start()
    with pytest.raises(NotConnected, match=r"knows 0 of 1 Alertmanagers and has scraped 0 of 0 targets"):
        await prometheus.wait_connected(within=0.1)


async def test_a_port_taken_meanwhile_is_exchanged_for_another(keeper: Keeper) -> None:
    prometheus = Prometheus(keeper, jobs=[], alertmanagers=[])
    with socket.create_server(("127.0.0.1", prometheus.port)):
        first = prometheus.port
        await prometheus.start()
    assert prometheus.port != first
    assert await prometheus.ready()


async def test_a_server_that_refuses_its_first_configuration_says_so(keeper: Keeper) -> None:
    alertmanager = Alertmanager(keeper, Route("not a URL"))
    with pytest.raises(DidNotStart, match=r"alertmanager ended .*unsupported scheme"):
        await alertmanager.start()
    assert not alertmanager.running


async def test_a_missing_server_is_told_in_one_sentence(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "CACHE", Path("/nowhere"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        tools.ToolMissing, match=r"^prometheus was not found: run `make tools`, or put prometheus on PATH\.$"
    ):
        await Prometheus(keeper, jobs=[], alertmanagers=[]).start()


async def test_two_alertmanagers_both_notify_along_one_route(keeper: Keeper) -> None:
    notified: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Content-Length: "))
        body = json.loads(await reader.readexactly(int(length)))
        await notified.put((head.split("\r\n")[0], body["externalURL"]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    proxy = await asyncio.start_server(receive, "127.0.0.1", 0)
    async with proxy:
        # A proxy that is named is used, also for hosts that are usually reached without one.
        address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        route = Route("http://localhost:8080/webhook", proxy=address, group_wait=0)
        names = ("alertmanager", "alertmanager-2")
        for name in names:
            alertmanager = Alertmanager(keeper, route, name=name, external_url=f"http://{name}.example")
            await alertmanager.start()
            alert = {"labels": {"alertname": "Twice"}}
            async with loopback.client() as client:
                await client.post(f"{alertmanager.url}/api/v2/alerts", json=[alert])
        async with asyncio.timeout(10):
            seen = [await notified.get() for _ in names]
    assert seen == [("POST http://localhost:8080/webhook HTTP/1.1", f"http://{name}.example") for name in names]


async def test_servers_leave_nothing_behind(keeper: Keeper) -> None:
    alertmanager = Alertmanager(keeper, Route("http://localhost/"))
    await alertmanager.start()
    address = alertmanager.url
    await keeper.close()
    assert not alertmanager.running
    assert not keeper.directory.exists()
    async with loopback.client() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(address)


def test_the_keeper_program_needs_no_packages() -> None:
    """It is run without site-packages, so that it starts quickly."""
    run = subprocess.run(
        [sys.executable, "-I", "-S", keeper_process.__file__, tempfile.gettempdir(), "sweep"],
        env={"PATH": os.defpath},
        capture_output=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")
