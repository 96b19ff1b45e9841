"""The traceability matrix: every item of the ticket, its verdict, the scenarios and evidence that it rests on, and the
defects that prove these; and back, from each scenario to its items.

It is made of files alone: the verdict, the timelines and the kill matrix.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from reports import kill_matrix, timeline
from reports.files import Entry, write_whole
from reports.kill_matrix import Finding, KillMatrix, Score, Trial
from reports.pages import render
from reports.requirements import DERIVED, Kind
from reports.verdict import SHOWN, RequirementVerdict, ScenarioVerdict, Status, Verdict

OPEN = (Status.FAILED, Status.BROKEN, Status.OUTDATED)
"""What somebody has to look at, the worst first."""

# -- the file for programs --------------------------------------------------------------------------------------------


class MatrixDefect(Entry):
    """A defect that was seeded for an item."""

    name: str
    sentence: str
    outcome: str


class MatrixItem(Entry):
    """One item of the ticket."""

    id: str
    text: str
    kind: Kind
    criterion: str
    revision: int
    digest: str
    status: Status
    note: str | None
    scenarios: tuple[str, ...]
    """Their locations."""
    evidence: tuple[str, ...]
    """Paths relative to the matrix, as are those of timelines."""
    defects: tuple[MatrixDefect, ...]


class MatrixScenario(Entry):
    """One scenario."""

    location: str
    name: str
    feature: str
    status: Status
    items: tuple[str, ...]
    timeline: str | None


class Matrix(Entry):
    """`matrix.json`."""

    run: str
    items: tuple[MatrixItem, ...]
    scenarios: tuple[MatrixScenario, ...]


# -- the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the ticket with all that it rests on."""

    item: RequirementVerdict
    scenarios: list[ScenarioVerdict]
    defects: list[tuple[Trial, Finding]]

    @property
    def open(self) -> list[ScenarioVerdict]:
        """The scenarios that did not pass: shown before all others."""
        return [scenario for scenario in self.scenarios if scenario.standing is not Status.PASSED]

    @property
    def passed(self) -> list[ScenarioVerdict]:
        return [scenario for scenario in self.scenarios if scenario.standing is Status.PASSED]

    @property
    def found(self) -> int:
        """How many of its defects the suite has found."""
        return sum(finding.outcome == "killed" for _, finding in self.defects)


@dataclass(frozen=True, slots=True)
class Section:
    """One criterion of the ticket."""

    title: str
    rows: list[Row]
    score: Score

    @property
    def id(self) -> str:
        return self.rows[0].item.criterion_id

    @property
    def count(self) -> list[tuple[Status, int]]:
        """How many of its items have each verdict."""
        return counts(row.item.status for row in self.rows)

    def number(self, status: str) -> int:
        """How many of its items have this verdict."""
        return sum(row.item.status == status for row in self.rows)


def counts(statuses: Iterable[Status]) -> list[tuple[Status, int]]:
    """How often each verdict is there, in the order in which counts are shown."""
    count = Counter(statuses)
    return [(status, count[status]) for status in SHOWN if count[status]]


def sections(verdict: Verdict, kills: KillMatrix | None = None) -> list[Section]:
    """The matrix, in the ticket's order."""
    found = []
    by_location = {scenario.location: scenario for scenario in verdict.scenarios}
    for title, items in groupby(verdict.requirements, lambda item: item.criterion):
        rows = [
            Row(item, [by_location[one] for one in item.scenarios], kills.at(item.id) if kills else [])
            for item in items
        ]
        score = kills.score(row.item.id for row in rows) if kills else Score(killed=0, seeded=0)
        found.append(Section(title, rows, score))
    return found


def open_rows(verdict: Verdict) -> list[Row]:
    """What was tried and does not hold, the worst first; what follows from other items is left out."""
    rows = [row for section in sections(verdict) for row in section.rows if row.item.kind not in DERIVED]
    return sorted((row for row in rows if row.item.status in OPEN), key=lambda row: OPEN.index(row.item.status))


def write(verdict: Verdict, latest: Path) -> None:
    """Writes `matrix.html`, `.md`, `.csv` and `.json` beside the verdict."""
    found = sections(verdict, kill_matrix.read(latest))
    links = timeline.links(verdict, latest)
    features = [(name, list(scenarios)) for name, scenarios in groupby(verdict.scenarios, lambda one: one.feature)]
    page = render(
        "matrix.html.j2",
        verdict=verdict,
        sections=found,
        features=features,
        items_of=_items_by_scenario(verdict),
        timelines=links,
        total=counts(row.item.status for section in found for row in section.rows),
    )
    write_whole(latest / "matrix.html", page)
    write_whole(latest / "matrix.md", render("matrix.md.j2", verdict=verdict, sections=found))
    write_whole(latest / "matrix.csv", _csv(found))
    write_whole(latest / "matrix.json", _matrix(verdict, found, links).model_dump_json(indent=1))


def _items_by_scenario(verdict: Verdict) -> dict[str, list[RequirementVerdict]]:
    """The items that each scenario carries."""
    items: dict[str, list[RequirementVerdict]] = {scenario.location: [] for scenario in verdict.scenarios}
    for item in verdict.requirements:
        for location in item.scenarios:
            items[location].append(item)
    return items


def _matrix(verdict: Verdict, found: list[Section], links: dict[str, str]) -> Matrix:
    items_of = _items_by_scenario(verdict)
    return Matrix(
        run=verdict.run.id,
        items=tuple(_matrix_item(row) for section in found for row in section.rows),
        scenarios=tuple(
            MatrixScenario(
                location=one.location,
                name=one.name,
                feature=one.feature,
                status=one.standing,
                items=tuple(item.id for item in items_of[one.location]),
                timeline=links.get(one.location),
            )
            for one in verdict.scenarios
        ),
    )


def _matrix_item(row: Row) -> MatrixItem:
    shared = {"id", "text", "kind", "criterion", "revision", "digest", "status", "note", "scenarios"}
    return MatrixItem(
        **row.item.model_dump(include=shared),
        evidence=tuple(_evidence(row)),
        defects=tuple(
            MatrixDefect(name=trial.defect, sentence=trial.sentence, outcome=finding.outcome)
            for trial, finding in row.defects
        ),
    )


def _evidence(row: Row) -> list[str]:
    return [seen.file for scenario in row.scenarios for step in scenario.steps for seen in step.evidence]


COLUMNS = (
    *("id", "item", "criterion", "integration points", "revision", "words", "status", "note"),
    *("scenarios", "evidence", "defects"),
)


def _csv(found: list[Section]) -> str:
    """One row per item; several scenarios, files of evidence or defects stand in one cell, a line each."""
    with io.StringIO(newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in (row for section in found for row in section.rows):
            item = row.item
            writer.writerow(
                [
                    *(item.id, item.text, item.criterion, " ".join(item.integration_points)),
                    *(item.revision, item.digest, item.status, item.note or ""),
                    "\n".join(f"{one.standing} {one.location} {one.name}" for one in row.scenarios),
                    "\n".join(_evidence(row)),
                    "\n".join(f"{finding.outcome} {trial.defect}: {trial.sentence}" for trial, finding in row.defects),
                ]
            )
        return file.getvalue()
