"""VAL-002: the suite judges the bundled reference, and every item of the criteria named here holds.

The run takes place in a copy of the suite, so that it leaves the last report of whoever runs the tests alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reports import requirements
from reports.verdict import Status
from tests.copies import ALONE, ROOT, Run, run_suite, run_undisturbed

JUDGED = ("AC1", "AC2", "AC3", "S1")
"""The headings of the ticket that every change of the suite is held against."""
TICKET = requirements.load(ROOT / "features" / "requirements.toml")
ITEMS = [item.id for criterion, item in TICKET.items() if criterion.id in JUDGED]


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """With one worker a core, as other tests run beside it."""
    selection = " or ".join(f"@{one}" for one in JUDGED)
    workers = ("--jobs", str(os.cpu_count() or 1))
    return run_undisturbed(tmp_path_factory.mktemp("val-002") / "suite", "--tags", selection, *workers)


@pytest.mark.parametrize("item", ITEMS)
def test_the_reference_fulfils(full_run: Run, item: str) -> None:
    judged = full_run.item(item)
    assert judged.status == Status.PASSED, judged.note or full_run.output


def test_a_run_in_which_everything_passed_exits_with_0(full_run: Run) -> None:
    assert full_run.exit_code == 0, full_run.output


def test_without_prometheus_what_needs_it_is_broken_and_the_rest_is_judged(tmp_path: Path) -> None:
    run = run_suite(tmp_path / "suite", "--tags", "@AC1.5 or @AC3.1", *ALONE, tools=False)
    assert run.exit_code == 3
    assert run.item("AC3.1").status == Status.PASSED
    assert run.item("AC1.5").status == Status.BROKEN
    sentences = {one.sentence for one in run.verdict.scenarios if "AC1.5" in one.tags and one.sentence}
    assert len(sentences) == 1
    assert "was not found" in next(iter(sentences))
