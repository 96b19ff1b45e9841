"""The kill matrix: what a proof comes to, as a file and as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tiny_suite import TinySuite

from reports import kill_matrix
from reports import matrix as traceability
from reports.kill_matrix import NAME, PAGE, Finding, KillMatrix, Outcome, Score, Trial
from reports.requirements import load
from tests.copies import ROOT
from tests.test_matrix import Page, make_verdict

TICKET = load(ROOT / "features" / "requirements.toml")


def trial(name: str, *findings: Finding) -> Trial:
    return Trial(
        defect=name,
        sentence=f"What is wrong with {name} & <more>.",
        program="agent-sre",
        file="agent/linear.py",
        right="one <line>",
        wrong="another\nline",
        says="priority",
        digest="0123456789abcdef",
        duration=12.3,
        findings=findings,
    )


def found(item: str, outcome: Outcome) -> Finding:
    return Finding(item=item, outcome=outcome, sentence="Expected <1>.", scenario="features/ac3_linear_api.feature:9")


KILLED = trial("ac3/one", found("AC3.5", Outcome.KILLED), found("AC7.1", Outcome.COLLATERAL))
BOTH = trial("ac3/two", found("AC3.5", Outcome.KILLED), found("AC3.3", Outcome.SURVIVED))
UNCLEAR = trial("ac5/three", found("AC5.1", Outcome.UNCLEAR), found("AC3.1", Outcome.EXPLAINED))


def matrix(*trials: Trial) -> KillMatrix:
    return KillMatrix(started=datetime(2026, 1, 8, 10, 15, tzinfo=UTC), duration=95.4, features="f" * 64, trials=trials)


def test_a_trial_is_as_good_as_the_worst_of_its_own_items() -> None:
    assert [one.outcome for one in (KILLED, BOTH, UNCLEAR)] == [Outcome.KILLED, Outcome.SURVIVED, Outcome.UNCLEAR]
    assert matrix(KILLED, BOTH, UNCLEAR).wanting == [BOTH, UNCLEAR]


def test_a_score_counts_each_defect_once_and_as_found_only_at_all_its_items() -> None:
    scores = matrix(KILLED, BOTH, UNCLEAR).scores(TICKET)
    assert [(criterion.id, score) for criterion, score in scores] == [
        ("AC3", Score(killed=1, seeded=2)),
        ("AC5", Score(killed=0, seeded=1)),
    ]


@pytest.mark.parametrize(
    ("trials", "sentence"),
    [
        ((trial("a", found("AC3.5", Outcome.KILLED)),), "1 of 1 seeded defects are found."),
        ((KILLED, BOTH, UNCLEAR), "1 of 3 seeded defects are found, 1 survived, 1 unclear; 1 with collateral."),
    ],
)
def test_the_sentence_says_what_it_comes_to(trials: tuple[Trial, ...], sentence: str) -> None:
    assert matrix(*trials).sentence == sentence


def test_what_is_written_can_be_read_and_anything_else_is_none(tmp_path: Path) -> None:
    assert kill_matrix.read(tmp_path) is None
    kill_matrix.write(matrix(KILLED, BOTH), TICKET, tmp_path / "latest")
    assert kill_matrix.read(tmp_path / "latest") == matrix(KILLED, BOTH)
    (tmp_path / "latest" / NAME).write_text("{}")
    assert kill_matrix.read(tmp_path / "latest") is None


@pytest.fixture
def page(tmp_path: Path) -> str:
    kill_matrix.write(matrix(KILLED, BOTH, UNCLEAR), TICKET, tmp_path)
    return (tmp_path / PAGE).read_text(encoding="utf-8")


def test_the_page_shows_each_defect_at_each_item_with_its_change_and_its_sentence(page: str) -> None:
    for text in (
        "Kill matrix",
        "1 of 3 seeded defects are found, 1 survived, 1 unclear; 1 with collateral.",
        "1 of 2 killed",
        "What is wrong with ac3/one &amp; &lt;more&gt;.",
        "<del>one &lt;line&gt;</del>",
        "<ins>another</ins><ins>line</ins>",
        "Killed: Expected &lt;1&gt;.",
        "collateral: AC7.1",
    ):
        assert text in page
    assert page.count("What is wrong with ac3/two") == 2


def test_the_page_needs_nothing_from_elsewhere_and_links_to_defects_and_scenarios(page: str) -> None:
    read = Page(page)
    assert read.loads == []
    assert "../../tests/defects/ac3/one.py" in read.links
    assert "../../features/ac3_linear_api.feature" in read.links
    assert {link.removeprefix("#") for link in read.links if link.startswith("#")} <= set(read.ids)


def test_the_traceability_matrix_shows_the_score_of_each_criterion(tmp_path: Path) -> None:
    kill_matrix.write(matrix(KILLED, BOTH), TICKET, tmp_path)
    traceability.write(make_verdict(), tmp_path)
    page = (tmp_path / "matrix.html").read_text(encoding="utf-8")
    assert page.count("seeded defects found") == 1
    assert '<a class="score" href="kill-matrix.html#AC3">1 of 2 seeded defects found</a>' in page


def test_a_run_of_the_suite_lays_the_last_proof_beside_its_reports(tmp_path: Path) -> None:
    suite = TinySuite(tmp_path)
    suite.write("features/one.feature", "@AC1.1\nFeature: one\n  Scenario: holds\n    Given it holds\n")
    kill_matrix.write(matrix(KILLED), TICKET, tmp_path / kill_matrix.PLACE)
    suite.write("reports/latest/old.html", "old")
    latest = suite.run().latest
    assert kill_matrix.read(latest) == kill_matrix.read(tmp_path / kill_matrix.PLACE) == matrix(KILLED)
    assert (latest / PAGE).exists()
    assert not (latest / "old.html").exists()
