"""The traceability matrix: every item of the ticket, its verdict, and the scenarios and evidence it rests on."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from reports import kill_matrix
from reports.kill_matrix import KillMatrix, Score
from reports.pages import render
from reports.verdict import (
    SHOWN,
    RequirementVerdict,
    ScenarioVerdict,
    Status,
    Verdict,
    write_whole,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the ticket with its scenarios."""

    item: RequirementVerdict
    scenarios: list[ScenarioVerdict]

    @property
    def open(self) -> list[ScenarioVerdict]:
        """The scenarios that did not pass: shown before all others."""
        return [scenario for scenario in self.scenarios if scenario.status is not Status.PASSED]

    @property
    def passed(self) -> list[ScenarioVerdict]:
        return [scenario for scenario in self.scenarios if scenario.status is Status.PASSED]


@dataclass(frozen=True, slots=True)
class Section:
    """One criterion of the ticket."""

    title: str
    rows: list[Row]
    score: Score | None = None
    """How many of the defects that were seeded for it the suite has found, as far as a proof was made."""

    @property
    def count(self) -> list[tuple[Status, int]]:
        """How many of its items have each verdict."""
        count = Counter(row.item.status for row in self.rows)
        return [(status, count[status]) for status in SHOWN if count[status]]


def sections(verdict: Verdict, proof: KillMatrix | None = None) -> list[Section]:
    """The matrix, in the ticket's order."""
    found = []
    for title, items in groupby(verdict.requirements, lambda item: item.criterion):
        rows = [Row(item, verdict.scenarios_of(item)) for item in items]
        score = proof.score(row.item.id for row in rows) if proof else None
        found.append(Section(title, rows, score if score and score.seeded else None))
    return found


def write(verdict: Verdict, latest: Path) -> None:
    """Writes `matrix.html`, `matrix.csv` and `matrix.md` beside the verdict."""
    parts = sections(verdict, kill_matrix.read(latest))
    for name in ("matrix.html", "matrix.md"):
        write_whole(latest / name, render(f"{name}.j2", verdict=verdict, sections=parts))
    write_whole(latest / "matrix.csv", _csv(verdict))


def _csv(verdict: Verdict) -> str:
    """One row per item; several scenarios or files of evidence stand in one cell, a line each."""
    with io.StringIO(newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "item", "criterion", "integration points", "status", "note", "scenarios", "evidence"])
        for item in verdict.requirements:
            scenarios = verdict.scenarios_of(item)
            evidence = [seen.file for scenario in scenarios for step in scenario.steps for seen in step.evidence]
            writer.writerow(
                [
                    item.id,
                    item.text,
                    item.criterion,
                    " ".join(item.integration_points),
                    item.status,
                    item.note or "",
                    "\n".join(f"{one.status} {one.location} {one.name}" for one in scenarios),
                    "\n".join(evidence),
                ]
            )
        return file.getvalue()
