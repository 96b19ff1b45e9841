"""Runs of the suite in copies of it, so that they leave the last report of whoever starts them alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from reports.verdict import RequirementVerdict, Verdict

ROOT = Path(__file__).parents[1]
MADE = ("latest", "history", "proof", "signoff")
"""What runs leave in reports/."""
ALONE = ("--jobs", "1")
"""The arguments of a run that nobody shares: it is short, or one of several side by side."""
GIVEN = Path("steps") / "targets" / "given.toml"
"""Where a profile lies that a run is given: beside the built-in ones, because its paths are relative."""

TOO_BUSY = "the machine is too busy to judge"
"""What a scenario says of which nobody can be blamed."""


@dataclass(frozen=True)
class Run:
    """What a run of the suite came to."""

    exit_code: int
    output: str
    verdict: Verdict
    took: float
    """Seconds from the command's start to its end."""

    def item(self, id_: str) -> RequirementVerdict:
        """The verdict on one of the ticket's items."""
        return next(item for item in self.verdict.requirements if item.id == id_)


class NoVerdict(Exception):
    """The run ended without a verdict; the message is what it printed."""


def copy_suite(place: Path, source: Path = ROOT) -> Path:
    """A copy of the suite, together with what Python has compiled of it, but for what it is just compiling."""
    shutil.copytree(source, place, ignore=shutil.ignore_patterns(".*", "*.pyc.*", "*.egg-info", *MADE))
    return place


def run_suite(
    place: Path,
    *arguments: str,
    source: Path = ROOT,
    profile: str | None = None,
    changes: Mapping[Path, str] = MappingProxyType({}),
    start: Sequence[str] = (),
    tools: bool = True,
) -> Run:
    """Runs the suite in a copy at `place`, with another profile than the reference's when the text of one is given.

    `changes` are the texts of other files, by their paths from the root. `start` is a module, with its arguments, that
    starts behave. Without `tools` no Prometheus can be found. Raises NoVerdict.
    """
    copy_suite(place, source)
    if profile:
        changes = {**changes, GIVEN: profile}
        arguments += ("-D", f"profile={GIVEN.stem}")
    for path, text in changes.items():
        (place / path).write_text(text, encoding="utf-8")
    if tools:
        link_tools(place)
    path = os.environ["PATH"] if tools else str(Path(sys.executable).parent)
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", *start, "behave", *arguments],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(place), "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return read_run(place, ran.returncode, ran.stdout, time.monotonic() - began)


def run_undisturbed(place: Path, *arguments: str, changes: Mapping[Path, str] = MappingProxyType({})) -> Run:
    """As `run_suite`, and once more if the machine was too busy to judge something: tests run beside it."""
    run = run_suite(place, *arguments, changes=changes)
    if any(TOO_BUSY in (one.sentence or "") for one in run.verdict.scenarios):
        return run_suite(place.with_name(f"{place.name}-again"), *arguments, changes=changes)
    return run


def link_tools(place: Path) -> None:
    """Lets a copy at `place` find the Prometheus that was fetched for the suite."""
    (place / ".cache").symlink_to(ROOT / ".cache")


def read_run(place: Path, exit_code: int, output: str, took: float) -> Run:
    """The run that a copy has just made. Raises NoVerdict."""
    file = place / "reports" / "latest" / "verdict.json"
    if not file.exists():
        raise NoVerdict(output)
    return Run(exit_code, output, Verdict.model_validate_json(file.read_text(encoding="utf-8")), took)
