"""A program cannot tell whether a keeper began it with a new interpreter, or with libraries that are loaded already."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import psutil
import pytest

import environment
from steps.world.processes import keeper, preloaded
from steps.world.processes.keeper import Keeper
from tests.copies import ROOT
from tests.eventually import LIMIT, eventually

WORK = 1.5
"""Seconds of a processor: more than it takes to load the libraries."""
LOCALE = {"LC_ALL": "C.UTF-8"}
"""In which half a pair of surrogates can be printed."""
ENVIRON = os.environ | LOCALE | {"PYTHONPATH": str(ROOT), "SECRET_OF_THE_SUITE": "1"}
PACKAGES = ("programs.", "steps.")
UNBUFFERED = "tells without a buffer"
PROGRAMS = {
    "tells": """
        import os, sys
        print(sys.argv[1:], os.getcwd(), sys.path[0], os.environ.get("ASKED"), os.environ.get("USER"))
        print(__name__, __file__, file=sys.stderr)
    """,
    "clock": 'import os, time; print(time.tzname, os.environ["TZ"])',
    "code": "raise SystemExit(7)",
    "sentence": 'import sys; sys.exit("It is not set.")',
    "mistake": "1 / 0",
    "finishes": """
        import atexit, threading, time
        atexit.register(print, "at the end")
        threading.Thread(target=lambda: (time.sleep(0.05), print("in a thread"))).start()
    """,
    "descriptors": """
        import os
        print(sorted(int(one) for one in os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd")))
    """,
    "signals": "import signal; print([signal.getsignal(one) for one in (2, 13, 15, 17, 25)])",
    "handles": """
        import os, signal, socket
        pairs = [socket.socketpair() for _ in range(8)]  # whatever descriptor a keeper has used is among them
        signal.signal(signal.SIGTERM, lambda *_: print("asked to end"))
        os.kill(os.getpid(), signal.SIGTERM)
        for one in [end for pair in pairs for end in pair]:
            one.setblocking(False)
            try:
                print("stray", one.recv(9))
            except BlockingIOError:
                pass
    """,
    "ends_itself": "import os; os.kill(os.getpid(), 15); input()",
    "half": r'print("\udc80", flush=True)',
    "environment": """
        import os
        names = [one.partition(b"=")[0].decode() for one in open("/proc/self/environ", "rb").read().split(bytes(1))]
        print("SECRET_OF_THE_SUITE" in names, "SECRET_OF_THE_SUITE" in os.environ)
    """,
    "optimized": "print(__debug__)",
    "loaded": """
        import sys
        print('uvicorn' in sys.modules, [one for one in sys.modules if one.startswith(('steps', 'tests', 'reports'))])
    """,
}
COMMANDS: dict[str, list[str]] = {
    **{name: [sys.executable, "-m", f"programs.{name}", "--port", "8000"] for name in PROGRAMS},
    UNBUFFERED: [sys.executable, "-m", "programs.tells", "--port", "8000"],
    "a module that is missing": [sys.executable, "-m", "programs.nowhere"],
    "one of another copy": [sys.executable, "-m", "steps.world"],
    "a file": [sys.executable, "programs/tells.py", "--port", "8000"],
    "another module": [sys.executable, "-m", "other"],
    "another program": ["/bin/echo", "said"],
    "no program": ["/bin/nowhere"],
}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each program begins by itself")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("programs")
    for name, text in PROGRAMS.items():
        write(place / "programs" / f"{name}.py", text)
    write(place / "steps" / "world.py", "print(__file__)")
    write(place / "other.py", PROGRAMS["loaded"])
    return place


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(dedent(text), encoding="utf-8")


@pytest.fixture(scope="module")
def usual(place: Path) -> dict[str, Any]:
    return asyncio.run(outcomes(place))


@pytest.fixture(scope="module")
def begun_with_libraries(place: Path) -> dict[str, Any]:
    """In a process of their own, as that of these tests has threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.test_preloaded", str(place)],
        cwd=ROOT,
        env=ENVIRON,
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "loaded"])
def test_a_program_cannot_tell(name: str, usual: dict[str, Any], begun_with_libraries: dict[str, Any]) -> None:
    assert begun_with_libraries[name] == usual[name]


def test_the_programs_say_what_they_are_asked(usual: dict[str, Any], place: Path) -> None:
    asked = f"['--port', '8000'] {place} {place} this None"
    own = f"__main__ {place}/programs/tells.py"
    assert usual[UNBUFFERED] == [0, [asked, own]]
    assert usual["tells"] == [0, [own, asked]]  # kept back until the end
    assert usual["code"][0] == 7
    assert usual["sentence"] == [1, ["It is not set."]]
    assert usual["mistake"] == [1, ["ZeroDivisionError: division by zero"]]
    assert usual["finishes"] == [0, ["in a thread", "at the end"]]
    assert usual["ends_itself"][0] == -15
    assert usual["a module that is missing"] == [1, [" named programs.nowhere"]]
    assert usual["one of another copy"] == [0, [f"{place}/steps/world.py"]]
    assert usual["handles"] == [0, ["asked to end"]]
    assert usual["half"][0] == 0
    assert usual["environment"] == [0, ["False False"]]
    assert usual["optimized"] == [0, ["False"]]
    assert usual["no program"].endswith("No such file or directory: /bin/nowhere.")


def test_the_libraries_are_loaded_and_nothing_of_the_suite(
    usual: dict[str, Any], begun_with_libraries: dict[str, Any]
) -> None:
    assert usual["loaded"] == [0, ["False []"]]
    assert begun_with_libraries["loaded"] == [0, ["True []"]]
    assert begun_with_libraries["another module"] == [0, ["False []"]], "which is not one of the packages"


def test_nothing_is_left_of_a_run_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.test_preloaded", str(tmp_path), "hold"]
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRON, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        directory = run.stdout.readline().strip()
        started = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    assert len(started) == 4  # what loads, who has asked it for a keeper, the keeper, and its child
    assert psutil.wait_procs(started, timeout=LIMIT)[1] == []
    assert not Path(directory).exists()


@pytest.mark.parametrize("when", ["before it is asked", "when it is asked"])
def test_without_the_process_a_keeper_begins_as_usual(when: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.test_preloaded", str(tmp_path), when]
    said = subprocess.run(command, cwd=ROOT, env=ENVIRON, stdout=subprocess.PIPE, text=True, check=True)
    assert said.stdout == "said\n"


def test_the_process_is_gone_when_its_time_is_over() -> None:
    before = psutil.Process().children()
    with preloaded.libraries(*PACKAGES):
        (loads,) = (one for one in psutil.Process().children() if one not in before)
        with preloaded.libraries(*PACKAGES):  # once is enough
            assert len(psutil.Process().children()) == len(before) + 1
    assert not loads.is_running()
    assert not keeper.beginning.descriptors


BOTH = """
name = "mine"
[agent]
command = ["./agent"]
[converter]
command = ["./converter"]
"""


@pytest.mark.parametrize(
    ("given", "takes_part"),
    [(None, True), (BOTH.partition("[converter]")[0], True), (BOTH, False), ("name = 1", False)],
)
def test_the_libraries_are_loaded_where_the_reference_takes_part(
    given: str | None, takes_part: bool, tmp_path: Path
) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(given or "")
    with environment.around_run({"profile": str(profile)} if given else {}):
        assert bool(keeper.beginning.descriptors) is takes_part
    assert not keeper.beginning.descriptors


def test_what_the_programs_use_is_counted_as_the_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.test_preloaded", str(tmp_path), "works"]
    said = subprocess.run(command, cwd=ROOT, env=ENVIRON, stdout=subprocess.PIPE, text=True, check=True)
    assert float(said.stdout) > WORK


async def work(place: Path) -> None:
    """Has a program do its work."""
    write(place / "programs" / "works.py", f"import time\nwhile time.process_time() < {WORK}: pass\n")
    async with await Keeper.start() as kept:
        child = await kept.spawn("works", [sys.executable, "-m", "programs.works"], {}, place)
        assert await child.wait() == 0


async def hold(place: Path) -> None:
    """Prints where a keeper of a child keeps, and waits to be killed."""
    async with await Keeper.start() as kept:
        child = await kept.spawn("waits", ["/bin/sleep", "600"], {}, place)
        print(kept.directory, flush=True)
        await child.wait()


async def without(place: Path, when: str) -> None:
    """Prints what a program says whose keeper nobody has forked."""
    (own,) = psutil.Process().children()
    if when == "before it is asked":
        own.kill()
        own.wait()
    else:
        own.suspend()
        asyncio.get_running_loop().create_task(kill_when_asked(own))
    async with await Keeper.start() as kept:
        child = await kept.spawn("says", ["/bin/echo", "said"], {}, place)
        await child.wait()
        print(child.output(), end="")


async def kill_when_asked(process: psutil.Process) -> None:
    """Kills the process when somebody waits for what it has been asked."""
    await eventually(lambda: any(one.status() == psutil.STATUS_SLEEPING for one in clients()))
    process.kill()


def clients() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if str(preloaded.CLIENT) in one.cmdline()]


async def outcomes(place: Path) -> dict[str, Any]:
    """The exit code of each command and what it printed, or why it could not be started."""
    found: dict[str, Any] = {}
    async with await Keeper.start() as kept:
        for name, command in COMMANDS.items():
            try:
                child = await kept.spawn(name, command, variables(name), place)
            except RuntimeError as error:
                found[name] = str(error)
                continue
            code = await child.wait()
            lines = child.output().splitlines()
            found[name] = [code, [lines[-1].rpartition(": No module")[2]] if code == 1 else lines]
    return found


def variables(name: str) -> dict[str, str]:
    own = {UNBUFFERED: {"PYTHONUNBUFFERED": "1"}, "optimized": {"PYTHONOPTIMIZE": "1"}}
    return {"ASKED": "this", "TZ": "Asia/Tokyo", **LOCALE, **own.get(name, {})}


if __name__ == "__main__":
    with preloaded.libraries(*PACKAGES):
        match Path(sys.argv[1]), *sys.argv[2:]:
            case [place]:
                print(json.dumps(asyncio.run(outcomes(place))))
            case [place, "works"]:
                asyncio.run(work(place))
            case [place, "hold"]:
                asyncio.run(hold(place))
            case [place, when]:
                asyncio.run(without(place, when))
    if sys.argv[2:] == ["works"]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(used.ru_utime + used.ru_stime)
