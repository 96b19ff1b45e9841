"""The proof that the suite can tell right from wrong: the kill matrix, which `make prove` makes.

It says which seeded defects the suite finds, by which of the ticket's items, and in which words. It lies in
`reports/proof`, where a run leaves it alone; the run copies it beside its own reports.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from reports.files import Entry
from reports.requirements import Criterion, Requirements

NAME = "kill-matrix.json"
FILES = (NAME, "kill-matrix.html")


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
"""With one of these the suite has not found a defect that was seeded for an item."""
BESIDE = (Outcome.COLLATERAL, Outcome.EXPLAINED)
"""What is found at an item that the defect was not seeded for."""


class Finding(Entry):
    """A defect at one item."""

    item: str
    outcome: Outcome
    sentence: str | None = None
    """What the failing step said, or why nothing can be said."""
    scenario: str | None = None
    """Where the scenario stands that found it: `features/ac3_linear_api.feature:31`."""


class Trial(Entry):
    """A defect, and what a run of the suite against it found."""

    defect: str
    """Its name: `ac3/critical_is_only_high`."""
    sentence: str
    """What is wrong with it."""
    program: str
    """Which program had it."""
    file: str
    """The file that it is in."""
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


class Score(NamedTuple):
    """So many defects were found of those that were seeded, counted at each item that they were seeded for."""

    killed: int
    seeded: int

    @property
    def whole(self) -> bool:
        return self.killed == self.seeded


class KillMatrix(Entry):
    """`kill-matrix.json`."""

    started: datetime
    duration: float
    """Seconds that its last session took; earlier ones may have done a part of the work."""
    features: str
    """Digest of the features that it was made with (see reports.suite)."""
    trials: tuple[Trial, ...]

    @property
    def survivors(self) -> list[Trial]:
        """The defects that the suite has not found."""
        return [trial for trial in self.trials if trial.outcome in WANTING]

    def at(self, item: str) -> list[tuple[Trial, Finding]]:
        """The defects that were seeded for the item, those that were not found first."""
        own = (*WANTING, Outcome.KILLED)
        pairs = [(trial, finding) for trial in self.trials for finding in trial.of(*own) if finding.item == item]
        return sorted(pairs, key=lambda pair: own.index(pair[1].outcome))

    def score(self, items: Iterable[str]) -> Score:
        """The mutation score of these items together."""
        outcomes = [finding.outcome for item in items for _, finding in self.at(item)]
        return Score(outcomes.count(Outcome.KILLED), len(outcomes))

    def scores(self, requirements: Requirements) -> list[tuple[Criterion, Score]]:
        """The score of each criterion for which defects were seeded, in the ticket's order."""
        scores = [(one, self.score(item.id for item in one.items)) for one in requirements.criteria]
        return [(criterion, score) for criterion, score in scores if score.seeded]

    @property
    def sentence(self) -> str:
        """What it comes to."""
        count = Counter(trial.outcome for trial in self.trials)
        beside = sum(bool(trial.of(Outcome.COLLATERAL)) for trial in self.trials)
        told = f"{count[Outcome.KILLED]} of {len(self.trials)} seeded defects are found"
        told += "".join(f", {count[outcome]} {outcome}" for outcome in WANTING if count[outcome])
        return f"{told}; {beside} with collateral." if beside else f"{told}."


def copy(root: Path, latest: Path) -> None:
    """Puts the last kill matrix beside the reports of a run."""
    for name in FILES:
        if (file := root / "reports" / "proof" / name).is_file():
            shutil.copy(file, latest / name)


def load(place: Path) -> KillMatrix | None:
    """The kill matrix in that directory; None when there is none, or one of another shape."""
    try:
        return KillMatrix.model_validate_json((place / NAME).read_bytes())
    except (OSError, ValidationError):
        return None
