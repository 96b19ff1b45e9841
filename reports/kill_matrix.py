"""The page of the kill matrix (see reports.proof), and how both are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports import proof
from reports.files import write_whole
from reports.pages import render
from reports.proof import BESIDE, FILES, Finding, KillMatrix, Score, Trial
from reports.requirements import Criterion, Item, Requirements


@dataclass(frozen=True, slots=True)
class Row:
    """One of the ticket's items, and the defects that it has met."""

    item: Item
    pairs: list[tuple[Trial, Finding]]


@dataclass(frozen=True, slots=True)
class Section:
    """A criterion of the ticket, and its items that have met defects."""

    criterion: Criterion
    score: Score
    rows: list[Row]


def write(matrix: KillMatrix, requirements: Requirements, root: Path) -> None:
    """Writes `kill-matrix.json` and `kill-matrix.html` into `reports/proof`, and beside the reports of the last run."""
    place, latest = root / "reports" / "proof", root / "reports" / "latest"
    data, page = FILES
    write_whole(place / data, matrix.model_dump_json(indent=1))
    write_whole(place / page, _page(matrix, requirements))
    latest.mkdir(exist_ok=True)
    proof.copy(root, latest)


def sections(matrix: KillMatrix, requirements: Requirements) -> list[Section]:
    """The page's parts, in the ticket's order."""
    return [
        Section(criterion, score, [row for row in (_row(matrix, item) for item in criterion.items) if row.pairs])
        for criterion, score in matrix.scores(requirements)
    ]


def _row(matrix: KillMatrix, item: Item) -> Row:
    """The item with the defects that it has met: first what the defects were seeded for, then what stands beside."""
    beside = [(trial, finding) for trial in matrix.trials for finding in trial.of(*BESIDE) if finding.item == item.id]
    return Row(item, matrix.at(item.id) + beside)


def _page(matrix: KillMatrix, requirements: Requirements) -> str:
    head = {"ticket": requirements.ticket.label, "url": requirements.ticket.url}
    parts = sections(matrix, requirements)
    return render("kill-matrix.html.j2", verdict={"run": head}, matrix=matrix, sections=parts)
