"""Prometheus and Alertmanager: found on PATH, or fetched into the project's cache without root.

    python -m steps.world.processes.tools fetch     make sure that every tool is there and runs

Fetching uses the packages of Debian and Ubuntu, unpacked rather than installed: no daemon is started and
nothing outside the cache is written.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CACHE = Path(__file__).parents[3] / ".cache" / "tools"
TOOLS = {
    "prometheus": ("prometheus",),
    "promtool": ("promtool",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),  # the latter is Debian's name
}
PACKAGES = ("prometheus", "prometheus-alertmanager")
INSTALLED_TEMPLATES = b"/usr/share/prometheus/alertmanager"
CACHED_TEMPLATES = b"." + b"templates".rjust(len(INSTALLED_TEMPLATES) - 1, b"/")


class ToolMissing(RuntimeError):
    """A program the world needs is not on this machine, or does not run; one sentence with the cure."""


def find(tool: str) -> Path:
    """The tool's program, to be run in its own directory. Raises :class:`ToolMissing`."""
    for name in TOOLS[tool]:
        if on_path := shutil.which(name):
            return Path(on_path)
        if (cached := CACHE / name).exists():
            return cached
    raise ToolMissing(f"{tool} was not found: run `make tools`, or put {tool} on PATH.")


def version(tool: str) -> str:
    """What it says of itself, such as ``2.42.0+ds``. Raises :class:`ToolMissing` when it does not run."""
    program = find(tool)
    try:
        run = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissing(f"{program} does not run ({error}): remove it and run `make tools`.") from None
    if given := re.search(rf"{tool}, version (\S+)", run.stdout + run.stderr):
        return given[1]
    raise ToolMissing(f"{program} is not {tool}: put the right program before it on PATH.")


def fetch() -> None:
    """Make sure that every tool is there; what is on PATH or in the cache is not fetched again.

    Raises :class:`ToolMissing`.
    """
    if not all(map(_present, TOOLS)):
        _fetch_packages()


def _present(tool: str) -> bool:
    try:
        find(tool)
    except ToolMissing:
        return False
    return True


def _fetch_packages() -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        cure = "run `brew install prometheus alertmanager`" if sys.platform == "darwin" else "install them"
        raise ToolMissing(
            f"Prometheus and Alertmanager are needed and can be fetched only on Debian and Ubuntu: {cure} "
            "so that prometheus, promtool and alertmanager are on PATH."
        )
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        _download(Path(work))
        for package in Path(work).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, work], check=True)
        _relocate(Path(work))
        for program in (Path(work) / "usr" / "bin").iterdir():
            program.replace(CACHE / program.name)


def _relocate(work: Path) -> None:
    """Let our copy of Debian's Alertmanager read its default templates from where it is run.

    It has the path of its installed package built in, where only root could put them. A relative path of the
    same length takes its place (as conda relocates programs), and the programs of the cache run in the cache.
    """
    alertmanager = work / "usr" / "bin" / "prometheus-alertmanager"
    alertmanager.write_bytes(alertmanager.read_bytes().replace(INSTALLED_TEMPLATES, CACHED_TEMPLATES))
    templates = CACHE / "templates"
    templates.mkdir(exist_ok=True)
    for template in (work / "usr" / "share" / "prometheus" / "alertmanager").glob("*.tmpl"):
        template.replace(templates / template.name)


def _download(work: Path) -> None:
    """First with the system's package lists; when they are missing or old, with fresh ones of our own."""
    settings = work / "apt.conf"
    settings.write_text('APT::Sandbox::User "root";\n')  # root's downloads need not be readable to another user
    if _apt(work, "download", *PACKAGES) is None:
        return
    (work / "lists" / "partial").mkdir(parents=True)
    (work / "cache").mkdir()
    settings.write_text(
        settings.read_text()
        + f'Dir::State::Lists "{work}/lists";\nDir::Cache "{work}/cache";\n'
        + "#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n"
    )
    failure = _apt(work, "update") or _apt(work, "download", *PACKAGES)
    if failure:
        raise ToolMissing(
            f"Prometheus and Alertmanager could not be fetched ({failure}): check the network and run make "
            "again, or put prometheus, promtool and alertmanager on PATH."
        )


def _apt(work: Path, *arguments: str) -> str | None:
    """Run apt-get with our settings; None when it went well, else what it said."""
    command = ["apt-get", "-c", str(work / "apt.conf"), "--quiet=2", *arguments]
    run = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    said = [line for line in run.stderr.splitlines() if line.startswith("E:")]
    return said[0] if said else f"apt-get ended with {run.returncode}"


def main() -> int:
    if sys.argv[1:] != ["fetch"]:
        print("usage: python -m steps.world.processes.tools fetch", file=sys.stderr)
        return 2
    try:
        fetch()
        for tool in TOOLS:
            print(f"{tool} {version(tool)}: {find(tool)}")
    except ToolMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
