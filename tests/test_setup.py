"""Set-up: what `make` does once, what it does again, and what it says when something is missing."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from steps.world.processes import tools

ROOT = Path(__file__).parents[1]

RECORDER = """#!/bin/sh
case "$*" in *"$FAIL"*) test -z "$FAIL" || exit 1 ;; esac
echo "$(basename "$0") $*" >> "$RECORD"
"""
"""A program that only writes down how it was called, and fails when asked to."""


class Project:
    """A copy of the project's set-up whose programs are recorders, so that nothing is downloaded."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._record = directory / "record"
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, directory)
        programs = directory / ".venv" / "bin"
        programs.mkdir(parents=True)
        for name in ("python", "behave"):
            (programs / name).write_text(RECORDER)
            (programs / name).chmod(0o755)

    def make(self, *arguments: str, fail: str = "", path: str = os.defpath) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        assert make
        return subprocess.run(
            [make, *arguments],
            cwd=self.directory,
            env={"PATH": path, "RECORD": str(self._record), "FAIL": fail},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What was called since the last time somebody asked, arguments that do not matter here left out."""
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        self._record.unlink(missing_ok=True)
        return [re.sub(r" (--quiet|--disable-pip-version-check)", "", line).strip() for line in lines]


INSTALL = [
    "python -m pip install --require-hashes --requirement requirements.lock",
    "python -m pip install --no-deps --no-build-isolation --editable .",
]
FETCH = ["python -m steps.world.processes.tools fetch"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def later(file: Path) -> None:
    """Make a file newer than everything made so far, whatever the clock's resolution."""
    newer = file.stat().st_mtime + 3600
    os.utime(file, (newer, newer))


# --- make ---


def test_set_up_is_done_once(project: Project) -> None:
    assert project.make("test").returncode == 0
    assert project.calls() == [*INSTALL, *FETCH, "python -m pytest"]
    assert project.make("test").returncode == 0
    assert project.calls() == ["python -m pytest"]


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_dependency_is_installed_and_nothing_else_redone(project: Project, changed: str) -> None:
    project.make("setup")
    project.calls()
    later(project.directory / changed)
    project.make("setup")
    assert project.calls() == INSTALL


@pytest.mark.parametrize("failing", ["--require-hashes", "--editable", "fetch"])
def test_a_set_up_that_failed_is_tried_again(project: Project, failing: str) -> None:
    assert project.make("test", fail=failing).returncode != 0
    assert "python -m pytest" not in project.calls()
    assert project.make("test").returncode == 0
    assert project.calls()[-1] == "python -m pytest"


def test_tools_are_looked_for_again_on_request(project: Project) -> None:
    project.make("setup")
    project.calls()
    assert project.make("tools").returncode == 0
    assert project.calls() == FETCH


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], "behave"),
        (["TAGS=@AC3"], "behave --tags @AC3"),
        (["TAGS=@AC3 and not @AC3.4"], "behave --tags @AC3 and not @AC3.4"),
    ],
)
def test_accept_runs_the_suite_or_a_selection(project: Project, arguments: list[str], command: str) -> None:
    assert project.make("accept", *arguments).returncode == 0
    assert project.calls()[-1] == command


@pytest.mark.parametrize(("target", "failing"), [("accept", "--tags"), ("test", "pytest")])
def test_a_failing_run_fails_make(project: Project, target: str, failing: str) -> None:
    assert project.make(target, "TAGS=@AC1", fail=failing).returncode != 0


def test_without_a_goal_make_lists_what_there_is(project: Project) -> None:
    lines = project.make().stdout.splitlines()
    goals = {line.split()[1] for line in lines}
    assert {"accept", "test", "prove", "report", "bench", "lint", "lock", "clean", "help"} <= goals
    assert all(re.fullmatch(r"make \w+ +\S.*", line) for line in lines)
    assert project.calls() == []


@pytest.mark.parametrize("python", [None, "#!/bin/sh\nexit 1\n"], ids=["none", "too old"])
def test_a_missing_python_is_told_in_one_sentence(project: Project, tmp_path: Path, python: str | None) -> None:
    shutil.rmtree(project.directory / ".venv")
    path = tmp_path / "bin"
    path.mkdir()
    if python:
        (path / "python3").write_text(python)
        (path / "python3").chmod(0o755)
    run = project.make("test", path=str(path))
    assert run.returncode != 0
    assert run.stderr.splitlines()[0] == (
        "Python 3.11 or newer with venv was not found: install it (Debian: sudo apt-get install python3-venv)."
    )


@pytest.mark.parametrize("status", [0, 1])
def test_continuous_integration_is_make_test(tmp_path: Path, status: int) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(f"test:\n\t@echo tested in $(CURDIR)\n\t@exit {status}\n")
    run = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")],
        cwd="/",
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == f"tested in {tmp_path}\n"
    assert (run.returncode == 0) == (status == 0)


# --- requirements.lock ---


def locked() -> dict[str, str]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in pins}


def test_the_lock_has_everything_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pins = locked()
    for requirement in map(Requirement, asked):
        assert pins[requirement.name.lower()] in requirement.specifier, f"{requirement} (run `make lock`)"


def test_the_lock_names_no_place_and_hashes_everything() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "--index" not in text
    entries = re.split(r"\n(?=\S)", text)
    pins = [entry for entry in entries if not entry.startswith("#")]
    assert len(pins) == len(locked())
    assert all("--hash=sha256:" in entry for entry in pins)


# --- Prometheus and Alertmanager ---


def program(path: Path, prints: str, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\nexit {status}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a PATH with nothing on it but what a test puts into `bin`."""
    monkeypatch.setattr(tools, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "cache"


def test_a_tool_on_path_goes_before_the_cache_and_both_before_an_error(cache: Path) -> None:
    with pytest.raises(tools.ToolMissing, match=r"^alertmanager was not found: run `make tools`, or put"):
        tools.find("alertmanager")
    cached = program(cache / "prometheus-alertmanager", "alertmanager, version 0.25.0")
    assert tools.find("alertmanager") == cached
    on_path = program(cache.parent / "bin" / "alertmanager", "alertmanager, version 0.31.0 (branch: main)")
    assert tools.find("alertmanager") == on_path
    assert tools.version("alertmanager") == "0.31.0"


def test_a_program_of_another_kind_is_no_tool(cache: Path) -> None:
    program(cache.parent / "bin" / "prometheus", "Prometheus the film player 1.2")
    with pytest.raises(tools.ToolMissing, match=r"prometheus is not prometheus: put the right program"):
        tools.version("prometheus")


def test_a_program_that_does_not_run_is_no_tool(cache: Path) -> None:
    program(cache.parent / "bin" / "prometheus", "prometheus, version 2.42.0", status=1)
    with pytest.raises(tools.ToolMissing, match=r"bin/prometheus does not run .*: remove it and run"):
        tools.version("prometheus")


def test_where_nothing_can_be_fetched_the_cure_is_one_line(cache: Path) -> None:
    with pytest.raises(tools.ToolMissing) as missing:
        tools.fetch()
    assert str(missing.value).endswith("so that prometheus, promtool and alertmanager are on PATH.")
    assert "\n" not in str(missing.value)
    assert not cache.exists()


def test_what_is_on_path_is_not_fetched(cache: Path) -> None:
    for name in tools.TOOLS:
        program(cache.parent / "bin" / name, f"{name}, version 1.0")
    tools.fetch()
    assert not cache.exists()


APT = """#!/bin/sh
echo "$*" >> "{record}"
case "$*" in
  *update*) exit {update} ;;
  *download*) grep -q Dir::State::Lists "$2" || test -n "{listed}" || {{ echo "E: no lists" >&2; exit 100; }}
              cp {packages}/*.deb . || {{ echo "E: no packages" >&2; exit 100; }} ;;
esac
"""


@pytest.fixture
def debian(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package source with Prometheus and Alertmanager; the apt-get that reads it is written by `apt`."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}")
    if not shutil.which("dpkg-deb"):
        pytest.skip("needs dpkg-deb")
    packages = {
        "prometheus": ["prometheus", "promtool"],
        "prometheus-alertmanager": ["prometheus-alertmanager"],
    }
    (tmp_path / "packages").mkdir()
    for package, programs in packages.items():
        tree = tmp_path / "tree" / package
        for name in programs:
            tool = name.removeprefix("prometheus-")
            program(tree / "usr" / "bin" / name, f"{tool}, version 9.9 /usr/share/prometheus/alertmanager")
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(
            f"Package: {package}\nVersion: 9.9\nArchitecture: all\n"
            "Maintainer: Nobody <nobody@example.com>\nDescription: a double\n"
        )
        if package == "prometheus-alertmanager":
            templates = tree / "usr" / "share" / "prometheus" / "alertmanager"
            templates.mkdir(parents=True)
            (templates / "default.tmpl").write_text("template")
        subprocess.run(["dpkg-deb", "--build", tree, tmp_path / "packages"], check=True, capture_output=True)
    return tmp_path


def apt(debian: Path, *, listed: bool = True, update: int = 0) -> Path:
    """Write an apt-get whose system lists have the packages or not; gives the record of its calls."""
    text = APT.format(
        record=debian / "apt", packages=debian / "packages", listed="yes" if listed else "", update=update
    )
    (debian / "bin").mkdir(exist_ok=True)
    (debian / "bin" / "apt-get").write_text(text)
    (debian / "bin" / "apt-get").chmod(0o755)
    return debian / "apt"


def actions(record: Path) -> list[str]:
    return [line.split("--quiet=2 ")[1].split()[0] for line in record.read_text().splitlines()]


def test_tools_are_unpacked_into_the_cache_once(debian: Path, cache: Path) -> None:
    record = apt(debian)
    tools.fetch()
    tools.fetch()
    assert actions(record) == ["download"]
    assert [tools.version(tool) for tool in tools.TOOLS] == ["9.9"] * 3
    assert {entry.name for entry in cache.iterdir()} == {
        "prometheus",
        "promtool",
        "prometheus-alertmanager",
        "templates",
    }


def test_the_cached_alertmanager_reads_its_templates_from_the_cache(debian: Path, cache: Path) -> None:
    apt(debian)
    tools.fetch()
    said = subprocess.run([tools.find("alertmanager")], capture_output=True, text=True, check=True).stdout
    place = said.split()[-1]
    assert len(place) == len("/usr/share/prometheus/alertmanager")
    assert (cache / place / "default.tmpl").read_text() == "template"


def test_missing_package_lists_are_made_up_for_without_root(debian: Path) -> None:
    record = apt(debian, listed=False)
    tools.fetch()
    assert actions(record) == ["download", "update", "download"]


@pytest.mark.parametrize(("update", "said"), [(1, "apt-get ended with 1"), (0, "E: no packages")])
def test_a_fetch_that_fails_says_why_and_leaves_nothing(debian: Path, cache: Path, update: int, said: str) -> None:
    apt(debian, listed=False, update=update)
    shutil.rmtree(debian / "packages")
    with pytest.raises(tools.ToolMissing, match=rf"could not be fetched \({said}\): check the network .* on PATH\.$"):
        tools.fetch()
    assert list(cache.iterdir()) == []
