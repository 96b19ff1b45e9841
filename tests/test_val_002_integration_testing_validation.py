"""VAL-002: the suite judges the bundled reference, and every item of the criteria named here holds.

The run takes place in a copy of the suite, so that it leaves the last report of whoever runs the tests alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports import requirements
from reports.verdict import RequirementVerdict, Status, Verdict

ROOT = Path(__file__).parents[1]
JUDGED = ("AC1", "AC2", "AC3", "S1")
"""The headings of the ticket that every change of the suite is held against."""
TICKET = requirements.load(ROOT / "features" / "requirements.toml")
ITEMS = [item.id for criterion, item in TICKET.items() if criterion.id in JUDGED]


@dataclass(frozen=True)
class Run:
    """What a run of the suite came to."""

    exit_code: int
    output: str
    verdict: Verdict

    def item(self, id_: str) -> RequirementVerdict:
        return next(item for item in self.verdict.requirements if item.id == id_)


def run_suite(place: Path, *arguments: str, tools: bool = True) -> Run:
    """Runs the suite in a copy at `place`; without `tools` no Prometheus can be found."""
    unwanted = shutil.ignore_patterns(".*", "latest", "__pycache__", "*.egg-info", "tests")
    shutil.copytree(ROOT, place, ignore=unwanted)
    if tools:
        (place / ".cache").symlink_to(ROOT / ".cache")
    path = os.environ["PATH"] if tools else str(Path(sys.executable).parent)
    ran = subprocess.run(
        [sys.executable, "-m", "behave", *arguments],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(place), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    verdict = place / "reports" / "latest" / "verdict.json"
    assert verdict.exists(), ran.stdout + ran.stderr
    return Run(ran.returncode, ran.stdout + ran.stderr, Verdict.model_validate_json(verdict.read_text()))


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_suite(tmp_path_factory.mktemp("val-002") / "suite", "--tags", " or ".join(f"@{one}" for one in JUDGED))


@pytest.mark.parametrize("item", ITEMS)
def test_the_reference_fulfils(full_run: Run, item: str) -> None:
    judged = full_run.item(item)
    assert judged.status == Status.PASSED, judged.note or full_run.output


def test_a_run_in_which_everything_passed_exits_with_0(full_run: Run) -> None:
    assert full_run.exit_code == 0, full_run.output


def test_without_prometheus_what_needs_it_is_broken_and_the_rest_is_judged(tmp_path: Path) -> None:
    run = run_suite(tmp_path / "suite", "--tags", "@AC1.5 or @AC3.1", tools=False)
    assert run.exit_code == 3
    assert run.item("AC3.1").status == Status.PASSED
    assert run.item("AC1.5").status == Status.BROKEN
    sentences = {one.sentence for one in run.verdict.scenarios if "AC1.5" in one.tags}
    assert len(sentences) == 1
    assert "was not found" in next(iter(sentences))
