"""The proof that the suite can tell right from wrong: what the reports read of the kill matrix that `make prove` makes.

The kill matrix lies in `reports/proof`, where a run leaves it alone; the run copies it beside its own reports.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

NAME = "kill-matrix.json"
FILES = (NAME, "kill-matrix.html")

Outcome = Literal["survived", "unclear", "unproven", "collateral", "explained", "killed"]
WANTING: tuple[Outcome, ...] = ("survived", "unclear", "unproven")
"""With one of these the suite has not found a defect that was seeded for an item."""


class _Part(BaseModel):
    """What is needed of a part of the file; there may be more in it."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Finding(_Part):
    """A defect at one item."""

    item: str
    outcome: Outcome
    sentence: str | None = None
    """What the failing step said."""


class Trial(_Part):
    """A defect, and what a run of the suite against it found."""

    defect: str
    """Its name: "ac3/critical_is_only_high"."""
    sentence: str
    """What is wrong with it."""
    duration: float
    """Seconds."""
    findings: tuple[Finding, ...]


class Score(NamedTuple):
    """So many defects were found of those that were seeded, counted at each item that they were seeded for."""

    killed: int
    seeded: int

    @property
    def whole(self) -> bool:
        return self.killed == self.seeded


class KillMatrix(_Part):
    """`kill-matrix.json`, as far as reports need it."""

    started: datetime
    features: str = ""
    """Digest of the features that it was made with (see reports.suite)."""
    trials: tuple[Trial, ...]

    @property
    def survivors(self) -> list[Trial]:
        """The defects that the suite has not found."""
        return [one for one in self.trials if any(finding.outcome in WANTING for finding in one.findings)]

    def at(self, item: str) -> list[tuple[Trial, Finding]]:
        """The defects that were seeded for the item, those that were not found first."""
        own = (*WANTING, "killed")
        pairs = [(one, finding) for one in self.trials for finding in one.findings if finding.item == item]
        return sorted((pair for pair in pairs if pair[1].outcome in own), key=lambda pair: own.index(pair[1].outcome))

    def score(self, items: Iterable[str]) -> Score:
        """The mutation score of these items together."""
        outcomes = [finding.outcome for item in items for _, finding in self.at(item)]
        return Score(outcomes.count("killed"), len(outcomes))


def copy(root: Path, latest: Path) -> None:
    """Puts the last kill matrix beside the reports of a run."""
    for name in FILES:
        if (file := root / "reports" / "proof" / name).is_file():
            shutil.copy(file, latest / name)


def load(latest: Path) -> KillMatrix | None:
    """The kill matrix beside the reports of a run; None when there is none that can be read."""
    try:
        return KillMatrix.model_validate_json((latest / NAME).read_bytes())
    except (OSError, ValidationError):
        return None
