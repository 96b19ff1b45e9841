"""What the files of a run come to: the Definition of Done, what forbids a decision, and the decision itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from reports import done
from reports.agreement import CROSS_CHECK, disagreements
from reports.done import NO_PROOF, Files, Line
from reports.files import Entry
from reports.pages import counted, moment, ranges
from reports.requirements import DERIVED
from reports.verdict import Status, Verdict

FRESH = timedelta(hours=24)
"""An older run says nothing about what there is today."""


class Decision(StrEnum):
    ACCEPT = "ACCEPT"
    ACCEPT_WITH_WAIVERS = "ACCEPT WITH WAIVERS"
    REJECT = "REJECT"

    @property
    def accepts(self) -> bool:
        return self is not Decision.REJECT


class Moment(Entry):
    """What was the case when somebody asked for a decision."""

    at: datetime
    suite: str
    """Digest of the suite (see reports.suite)."""


class Assessment(Entry):
    """What the files come to."""

    lines: tuple[Line, ...]
    """The Definition of Done."""
    refusals: tuple[str, ...]
    """Why nothing can be decided, a sentence each."""
    waived: tuple[str, ...]
    """Ids of the items that are waived."""

    @property
    def decision(self) -> Decision | None:
        """None when nothing can be decided."""
        if self.refusals:
            return None
        if not self.lines or any(not line.done for line in self.lines):
            return Decision.REJECT
        return Decision.ACCEPT_WITH_WAIVERS if self.waived else Decision.ACCEPT

    @property
    def sentence(self) -> str:
        """The decision in words."""
        left = sum(not line.done for line in self.lines)
        lines = f"{len(self.lines)} lines of the Definition of Done"
        match self.decision:
            case None:
                return f"Nothing can be signed off on this run. {self.refusals[0]}"
            case Decision.REJECT:
                return f"{left} of the {lines} {'is' if left == 1 else 'are'} open."
            case Decision.ACCEPT_WITH_WAIVERS:
                return f"All {lines} are met, with {counted(len(self.waived), 'waiver')}: {ranges(self.waived)}."
            case Decision.ACCEPT:
                return f"All {lines} are met."


def assess(place: Path, then: Moment) -> Assessment:
    """Weighs the files in a directory like `reports/latest`; raises OSError or ValueError when there is no verdict."""
    files = Files.of(place)
    items = [item for item in files.verdict.requirements if item.kind not in DERIVED]
    return Assessment(
        lines=done.lines(files),
        refusals=tuple(_refusals(files, place, then)),
        waived=tuple(item.id for item in items if item.status is Status.WAIVED),
    )


def _refusals(files: Files, place: Path, then: Moment) -> Iterator[str]:
    run = files.verdict.run
    if not run.whole:
        part = f"shard {run.shard} of {run.selection}" if run.shard else run.selection
        yield f"The run was partial: {part}. Run the whole suite."
    if then.at - run.started > FRESH:
        yield f"The run is stale: it began on {moment(run.started)}. Run the suite again."
    if then.suite != run.suite.digest:
        yield "The suite has changed since the run. Run it again."
    if run.suite.dirty:
        yield f"The run was made with a suite that is in no commit ({run.suite.version}). Commit it, and run it again."
    yield from (f"The reports disagree: {sentence}" for sentence in _disagreements(files.verdict, place))
    yield from _unproved(files)


def _disagreements(verdict: Verdict, place: Path) -> Iterator[str]:
    yield from (trouble.sentence for trouble in verdict.run.troubles if trouble.where == CROSS_CHECK)
    yield from disagreements(verdict, place)


def _unproved(files: Files) -> Iterator[str]:
    if files.kills is None:
        yield NO_PROOF
        return
    if survivors := files.kills.wanting:
        yield f"{counted(len(survivors), 'seeded defect')} survived, the first: {survivors[0].sentence}"
    if files.kills.features != files.verdict.run.suite.features:
        yield "The kill matrix is older than the features: run `make prove` again."
