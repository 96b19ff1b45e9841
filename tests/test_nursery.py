"""A nursery makes runs one after the other, each as if it were the first."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reports import files, requirements, run
from reports.metrics import Metrics
from reports.verdict import Status
from tests.copies import ALONE, ROOT, NoVerdict
from tests.prove.nursery import Nursery
from tests.prove.trial import PROFILE

USUAL = (ROOT / PROFILE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery(ROOT, tmp_path_factory.mktemp("nursery") / "suite") as nursery:
        yield nursery


def test_a_run_judges_the_agent_of_its_own_profile(nursery: Nursery) -> None:
    good = nursery.run("--tags", "@AC2.4", *ALONE, profile=USUAL)
    assert (good.exit_code, good.item("AC2.4").status) == (0, Status.PASSED)
    moved = USUAL.replace("steps.reference.agent", "steps.reference.nowhere")
    missing = nursery.run("--tags", "@AC2.4", *ALONE, profile=moved)
    assert missing.exit_code == 3
    assert "No module named steps.reference.nowhere" in " ".join(missing.output.split())
    again = nursery.run("--tags", "@AC2.4", *ALONE, profile=USUAL)
    assert (again.exit_code, again.verdict.run.id != good.verdict.run.id) == (0, True)


def test_a_run_without_a_verdict_leaves_none_of_the_run_before(nursery: Nursery) -> None:
    nursery.run("--tags", "@AC2.4", *ALONE, profile=USUAL)
    with pytest.raises(NoVerdict, match="No scenario carries @AC99"):
        nursery.run("--tags", "@AC99", *ALONE, profile=USUAL)
    with pytest.raises(NoVerdict, match=r"No scenario carries @AC2\.1,AC2\.4\. Several tags are joined with \"or\"\."):
        nursery.run("--tags", "@AC2.1,@AC2.4", *ALONE, profile=USUAL)


def test_nothing_is_left_when_it_is_closed(tmp_path: Path) -> None:
    place = tmp_path / "suite"
    with Nursery(ROOT, place) as nursery:
        nursery.run("--tags", "@AC2.4", *ALONE, profile=USUAL)
        assert _processes_in(place)
    assert not place.exists()
    assert not _processes_in(place)


def _processes_in(place: Path) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cwd"]) if str(one.info["cwd"]).startswith(str(place))]


def test_two_runs_in_one_place_do_not_mix_their_reports(nursery: Nursery) -> None:
    reports = nursery._place / "reports"
    held = os.open(reports, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(NoVerdict, match=r"Another run is writing into .*: wait until it has ended"):
        nursery.run("--tags", "@AC2.4", *ALONE, profile=USUAL)
    os.close(held)
    assert nursery.run("--tags", "@AC2.4", *ALONE, profile=USUAL).exit_code == 0


def test_a_file_system_without_locks_can_be_run_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requirements.load(ROOT / "features" / "requirements.toml")
    record = run.begin(tmp_path, asked, Metrics(asked))

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", refuse)
    record.empty_latest()
    assert record.latest.is_dir()
