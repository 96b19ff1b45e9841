"""A program cannot tell whether a keeper began it with a new interpreter, or with libraries that are loaded already."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from steps.world.processes.keeper import Keeper
from tests.copies import ROOT
from tests.prove import preloaded

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
    "ends_itself": "import os; os.kill(os.getpid(), 15); input()",
    "loaded": "import sys; print('uvicorn' in sys.modules, 'steps.reference' in sys.modules)",
}
COMMANDS: dict[str, list[str]] = {
    **{name: [sys.executable, "-m", name, "--port", "8000"] for name in PROGRAMS},
    UNBUFFERED: [sys.executable, "-m", "tells", "--port", "8000"],
    "a module that is missing": [sys.executable, "-m", "nowhere"],
    "a file": [sys.executable, "tells.py", "--port", "8000"],
    "another program": ["/bin/echo", "said"],
    "no program": ["/bin/nowhere"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("programs")
    for name, text in PROGRAMS.items():
        (place / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def usual(place: Path) -> dict[str, Any]:
    return asyncio.run(outcomes(place))


@pytest.fixture(scope="module")
def begun_with_libraries(place: Path) -> dict[str, Any]:
    """In a process of their own, as that of these tests has threads."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.test_preloaded", str(place)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
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
    assert usual[UNBUFFERED] == [0, [asked, f"__main__ {place}/tells.py"]]
    assert usual["tells"] == [0, [f"__main__ {place}/tells.py", asked]]  # kept back until the end
    assert usual["code"][0] == 7
    assert usual["sentence"] == [1, ["It is not set."]]
    assert usual["mistake"] == [1, ["ZeroDivisionError: division by zero"]]
    assert usual["finishes"] == [0, ["in a thread", "at the end"]]
    assert usual["ends_itself"][0] == -15
    assert usual["a module that is missing"] == [1, [" named nowhere"]]
    assert usual["no program"].endswith("No such file or directory: /bin/nowhere.")


def test_the_libraries_are_loaded_and_nothing_of_the_reference(
    usual: dict[str, Any], begun_with_libraries: dict[str, Any]
) -> None:
    assert usual["loaded"] == [0, ["False False"]]
    assert begun_with_libraries["loaded"] == [0, ["True False"]]


async def outcomes(place: Path) -> dict[str, Any]:
    """The exit code of each command and what it printed, or why it could not be started."""
    found: dict[str, Any] = {}
    async with await Keeper.start() as keeper:
        for name, command in COMMANDS.items():
            try:
                child = await keeper.spawn(name, command, environment(name), place)
            except RuntimeError as error:
                found[name] = str(error)
                continue
            code = await child.wait()
            lines = child.output().splitlines()
            found[name] = [code, [lines[-1].rpartition(": No module")[2]] if code == 1 else lines]
    return found


def environment(name: str) -> dict[str, str]:
    told = {"ASKED": "this", "TZ": "Asia/Tokyo"}
    return told | {"PYTHONUNBUFFERED": "1"} if name == UNBUFFERED else told


if __name__ == "__main__":
    end = preloaded.serve(Path(sys.argv[1]) / "preloaded.sock")
    print(json.dumps(asyncio.run(outcomes(Path(sys.argv[1])))))
    end()
