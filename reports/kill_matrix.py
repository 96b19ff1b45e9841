"""The kill matrix: which seeded defects the suite finds, by which of the ticket's items, and in which words.

`make prove` makes it. It lies in `reports/proof`, where a run leaves it alone, and beside the latest run's reports.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from reports.files import Entry, write_whole
from reports.pages import render
from reports.requirements import Criterion, Item, Requirements
from reports.suite import Suite
from reports.verdict import RunVerdict, Status, Verdict

NAME, PAGE = "kill-matrix.json", "kill-matrix.html"
PLACE = Path("reports") / "proof"
"""Where it lies, below the suite's root."""


class Outcome(StrEnum):
    """What became of a defect at one item, the worst first."""

    SURVIVED = "survived"
    """The item passed all the same."""
    UNCLEAR = "unclear"
    """The item failed, but its sentence does not name the deviation."""
    UNPROVEN = "unproven"
    """Nothing can be said: the defect was not applied or not reached, or the item could not be judged."""
    COLLATERAL = "collateral"
    """An item did not pass that the defect does not explain."""
    EXPLAINED = "explained"
    """An item did not pass that the defect may redden besides its own."""
    KILLED = "killed"
    """The item failed, and its sentence names the deviation."""


WANTING = (Outcome.SURVIVED, Outcome.UNCLEAR, Outcome.UNPROVEN)
"""With one of these the proof is not there."""
BESIDE = (Outcome.COLLATERAL, Outcome.EXPLAINED)
"""What is found at an item that the defect was not seeded for."""


class Finding(Entry):
    """One defect at one item."""

    item: str
    outcome: Outcome
    sentence: str | None = None
    """What the failing step said, or why nothing can be said."""
    scenario: str | None = None
    """Where the scenario stands that found it: `features/ac3_linear_api.feature:31`."""


class Trial(Entry):
    """One defect and a run of the suite against it."""

    defect: str
    """Its name: `ac3/critical_is_only_high`."""
    sentence: str
    """What is wrong."""
    program: str
    file: str
    """The reference's file that it is in, below steps/reference."""
    right: str
    wrong: str
    says: str
    """What the failing sentence has to contain."""
    digest: str
    """Of the defect and of the suite that was run."""
    duration: float
    """Seconds."""
    findings: tuple[Finding, ...]

    def of(self, *outcomes: Outcome) -> list[Finding]:
        """Its findings of these outcomes."""
        return [finding for finding in self.findings if finding.outcome in outcomes]

    @property
    def outcome(self) -> Outcome:
        """The worst of its findings at the items that it was seeded for."""
        own = {finding.outcome for finding in self.findings}.difference(BESIDE)
        return next(outcome for outcome in Outcome if outcome in own)

    @property
    def beside(self) -> list[Finding]:
        """Its findings at other items."""
        return self.of(*BESIDE)


class KillMatrix(Entry):
    """`kill-matrix.json`."""

    started: datetime
    duration: float
    """Seconds that its last session took; earlier ones may have done a part of the work."""
    features: str
    """Digest of the features that it was made with (see reports.suite)."""
    trials: tuple[Trial, ...]

    @property
    def wanting(self) -> list[Trial]:
        """The trials without a proof."""
        return [trial for trial in self.trials if trial.outcome in WANTING]

    def at(self, item: str) -> list[tuple[Trial, Finding]]:
        """The defects that were seeded for the item, those that were not found first."""
        pairs = [(trial, finding) for trial in self.trials for finding in trial.findings if finding.item == item]
        own = [pair for pair in pairs if pair[1].outcome not in BESIDE]
        return sorted(own, key=lambda pair: list(Outcome).index(pair[1].outcome))

    @property
    def sentence(self) -> str:
        """What it comes to."""
        count = Counter(trial.outcome for trial in self.trials)
        beside = sum(bool(trial.of(Outcome.COLLATERAL)) for trial in self.trials)
        told = f"{count[Outcome.KILLED]} of {len(self.trials)} seeded defects are found"
        told += "".join(f", {count[outcome]} {outcome}" for outcome in WANTING if count[outcome])
        return f"{told}; {beside} with collateral." if beside else f"{told}."

    def scores(self, requirements: Requirements) -> list[tuple[Criterion, Score]]:
        """The score of each criterion at which defects were seeded, in the ticket's order."""
        scores = [(one, self.score(item.id for item in one.items)) for one in requirements.criteria]
        return [(criterion, score) for criterion, score in scores if score.seeded]

    def score(self, items: Iterable[str]) -> Score:
        """The score at these items; a defect is found when it is found at each of them for which it was seeded."""
        killed: dict[str, bool] = {}
        for trial, finding in (pair for item in items for pair in self.at(item)):
            killed[trial.defect] = killed.get(trial.defect, True) and finding.outcome is Outcome.KILLED
        return Score(killed=sum(killed.values()), seeded=len(killed))


class Score(Entry):
    """A mutation score: how many of the seeded defects are killed."""

    killed: int
    seeded: int

    def __str__(self) -> str:
        return f"{self.killed}/{self.seeded}"


def read(latest: Path) -> KillMatrix | None:
    """The matrix in that directory; None when there is none, or one of another shape."""
    try:
        return KillMatrix.model_validate_json((latest / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def copy(root: Path, latest: Path) -> None:
    """Puts the last kill matrix beside the reports of a run."""
    for name in (NAME, PAGE):
        if (file := root / PLACE / name).is_file():
            shutil.copy(file, latest / name)


def write(matrix: KillMatrix, requirements: Requirements, place: Path) -> None:
    """Writes `kill-matrix.json` and `kill-matrix.html`."""
    write_whole(place / NAME, matrix.model_dump_json(indent=1))
    run = _as_run(matrix, requirements)
    page = render("kill-matrix.html.j2", verdict=run, matrix=matrix, sections=sections(matrix, requirements))
    write_whole(place / PAGE, page)


# -- the page


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


def sections(matrix: KillMatrix, requirements: Requirements) -> list[Section]:
    """The page's parts, in the ticket's order."""
    return [
        Section(criterion, score, [row for row in (_row(matrix, item) for item in criterion.items) if row.pairs])
        for criterion, score in matrix.scores(requirements)
    ]


def _row(matrix: KillMatrix, item: Item) -> Row:
    """The item with the defects that it has met: first what the defects were seeded for, then what stands beside."""
    pairs = [(trial, finding) for trial in matrix.trials for finding in trial.findings if finding.item == item.id]
    return Row(item, sorted(pairs, key=lambda pair: pair[1].outcome in BESIDE))


def _as_run(matrix: KillMatrix, requirements: Requirements) -> Verdict:
    """The proof in the shape of a run, which a page's head is made for."""
    run = RunVerdict(
        id="proof",
        ticket=requirements.ticket.label,
        url=requirements.ticket.url,
        started=matrix.started,
        duration=matrix.duration,
        outcome=Status.FAILED if matrix.wanting else Status.PASSED,
        sentence=matrix.sentence,
        target="reference",
        profile="reference",
        suite=Suite(version="", dirty=False, digest="", features=matrix.features),
        versions={},
        machine="",
        command="make prove",
        selection="everything",
    )
    return Verdict(run=run, requirements=(), scenarios=())
