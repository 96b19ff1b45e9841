"""`make prove`: what it does again, what it does not, and what its exit code says."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from reports import kill_matrix
from reports.files import claim
from reports.kill_matrix import Finding, Outcome, Trial
from tests.prove import __main__ as prove
from tests.prove.defect import Defect, DefectError
from tests.prove.trial import _decides, digest

NAMES = [
    "ac1/info_alerts_are_dropped",
    "ac2/trace_is_lost",
    "s5/each_call_leaves_a_thread",
    "sec/nobody_is_turned_away",
]


class Bench:
    """The proof with four defects, whose trials have the outcomes that a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, latest: Path) -> None:
        self.outcomes = dict.fromkeys(NAMES, Outcome.KILLED)
        self.tried: list[str] = []
        self.latest = latest
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(prove, "LATEST", latest)
        monkeypatch.setattr(prove, "PLACE", latest)
        monkeypatch.setattr(prove, "ROOT", latest)
        monkeypatch.setattr(prove, "names", lambda: NAMES)
        monkeypatch.setattr(prove, "fitting", lambda defect: defect)
        monkeypatch.setattr(prove, "Nursery", lambda source, _: nullcontext(source))
        monkeypatch.setattr(prove, "try_out", self._try_out)
        monkeypatch.setattr(prove.compileall, "compile_dir", lambda *_, **__: None)
        (latest / "features").mkdir()
        (latest / "features" / "requirements.toml").write_text(TICKET)

    def run(self, *arguments: str) -> int:
        """The exit code; `tried` are the defects that were tried in this session."""
        self.tried.clear()
        self._monkeypatch.setattr("sys.argv", ["prove", *arguments])
        return prove.main()

    def _try_out(self, defect: Defect, suite: Path, _: Path) -> Trial:
        self.tried.append(defect.name)
        found = tuple(Finding(item=item, outcome=self.outcomes[defect.name]) for item in defect.items)
        return Trial(
            defect=defect.name,
            sentence=defect.sentence,
            program=defect.program,
            file=defect.file,
            right=defect.right,
            wrong=defect.wrong,
            says=defect.says,
            digest=digest(suite, defect),
            duration=1,
            findings=found,
        )


TICKET = (prove.ROOT / "features" / "requirements.toml").read_text(encoding="utf-8")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    return Bench(monkeypatch, tmp_path)


def test_what_is_proven_is_not_done_again_unless_asked_for(bench: Bench) -> None:
    assert bench.run() == 0
    assert sorted(bench.tried) == NAMES
    assert bench.run() == 0
    assert bench.tried == []
    assert bench.run("--anew") == 0
    assert sorted(bench.tried) == NAMES


def test_a_session_that_was_stopped_is_resumed(bench: Bench) -> None:
    bench.run("ac1")
    assert bench.tried == NAMES[:1]
    bench.run()
    assert sorted(bench.tried) == NAMES[1:]
    matrix = kill_matrix.read(bench.latest)
    assert matrix and [trial.defect for trial in matrix.trials] == NAMES


def test_a_trial_of_another_suite_is_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run()
    monkeypatch.setattr(prove, "digest", lambda suite, defect: "of another suite")
    bench.run()
    assert sorted(bench.tried) == NAMES


def test_what_could_not_be_said_is_tried_again_and_what_survived_is_not(bench: Bench) -> None:
    bench.outcomes |= {NAMES[0]: Outcome.UNPROVEN, NAMES[1]: Outcome.SURVIVED}
    assert bench.run() == 1
    assert bench.run() == 1
    assert bench.tried == NAMES[:1] * 2


@pytest.mark.parametrize("outcome", [Outcome.UNPROVEN, Outcome.UNCLEAR])
def test_what_could_not_be_said_beside_others_is_tried_alone_at_the_end(bench: Bench, outcome: Outcome) -> None:
    bench.outcomes[NAMES[0]] = outcome
    bench.run("--jobs", "1")
    assert bench.tried.count(NAMES[0]) == 2
    assert bench.tried[-1] == NAMES[0]


def test_what_measures_the_agent_comes_last_and_what_needs_all_of_the_machine_after_it(bench: Bench) -> None:
    bench.run()
    assert bench.tried[2:] == NAMES[2:]


def test_a_defect_that_does_not_fit_is_told_and_nothing_is_tried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def misfit(_: Defect) -> Defect:
        raise DefectError("It does not fit.")

    monkeypatch.setattr(prove, "fitting", misfit)
    assert bench.run() == 2
    assert bench.tried == []
    assert capsys.readouterr().err == "It does not fit.\n"


def test_two_proofs_at_once_are_refused_as_they_would_disturb_each_other(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    claimed = claim(bench.latest)
    assert bench.run() == 2
    assert bench.tried == []
    assert capsys.readouterr().err.startswith("Another proof is being made in this checkout: wait")
    os.close(claimed)
    assert bench.run() == 0
    assert bench.run("--anew") == 0


def test_it_tells_the_score_of_each_criterion(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.outcomes[NAMES[1]] = Outcome.SURVIVED
    bench.run()
    said = " ".join(capsys.readouterr().out.split())
    assert "AC1 Prometheus Integration 1/1" in said
    assert "AC2 prometheus-events Integration 0/1" in said
    assert "survived ac2/trace_is_lost" in said
    assert "3 of 4 seeded defects are found, 1 survived." in said


def test_what_only_people_read_makes_no_trial_void(tmp_path: Path) -> None:
    for name, decides in {
        "a.py": True,
        "a.feature": True,
        "A.md": False,
        "a.png": False,
        "durations.json": False,
    }.items():
        assert _decides(tmp_path / name) is decides
