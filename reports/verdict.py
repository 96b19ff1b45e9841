"""The verdict of a run: the model of `verdict.json`.

passed     it was tried and holds
failed     a claim about agent-sre did not hold (an AssertionError in a step)
broken     it could not be judged: the world, a hook, the clean-up or the suite itself went wrong
untested   it was not tried: no scenario, not selected, skipped, or the run ended before it
outdated   its scenarios passed, but the ticket's words have changed since somebody confirmed that they say the same
waived     it does not hold and somebody has signed for that
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from reports.files import Entry, write_whole
from reports.requirements import Kind
from reports.suite import Suite
from reports.waivers import Waiver


class Status(StrEnum):
    """The verdict's words, the worst first."""

    FAILED = "failed"
    BROKEN = "broken"
    UNTESTED = "untested"
    OUTDATED = "outdated"
    WAIVED = "waived"
    PASSED = "passed"


SHOWN = (Status.PASSED, Status.FAILED, Status.BROKEN, Status.UNTESTED, Status.OUTDATED, Status.WAIVED)
"""The order in which counts are shown."""


def worst(statuses: Iterable[Status]) -> Status:
    """The verdict over several; untested when there is none."""
    return min(statuses, key=list(Status).index, default=Status.UNTESTED)


class Attachment(Entry):
    """A piece of evidence, kept as a file."""

    title: str
    kind: str
    file: str
    """Path of the file, relative to the verdict."""
    exchanges: tuple[int, ...] = ()
    """Numbers of the recorded exchanges that it shows."""


class StepVerdict(Entry):
    keyword: str
    name: str
    status: Status
    began: datetime | None = None
    duration: float
    """Seconds."""
    evidence: tuple[Attachment, ...] = ()

    @property
    def sights(self) -> dict[str, list[str]]:
        """The files of its evidence by title: what was looked at again and again has several."""
        files: dict[str, list[str]] = {}
        for seen in self.evidence:
            files.setdefault(seen.title, []).append(seen.file)
        return files

    @property
    def text(self) -> str:
        return f"{self.keyword} {self.name}"


class Trouble(Entry):
    """Something that went wrong outside of the steps."""

    where: str
    """The hook, or whose clean-up: "before_all", "clean-up of the scenario"."""
    sentence: str
    raised: str | None = None
    """The suite's own line of code: "environment.py:31"."""

    def __str__(self) -> str:
        return f"{self.where} failed: {self.sentence}"


class ScenarioVerdict(Entry):
    """One scenario, or one row of an outline."""

    name: str
    feature: str
    rule: str | None = None
    location: str
    """`features/ac3_linear_api.feature:31`; no two scenarios share it."""
    tags: tuple[str, ...]
    requirements: tuple[str, ...]
    """Ids of the ticket's items that it carries."""
    parameters: dict[str, str] = {}
    """The outline's row."""
    status: Status
    """What its steps came to."""
    outdated: tuple[str, ...] = ()
    """Those of its items whose words in the ticket have changed."""
    waived: bool = False
    """Whether all of its items are waived."""
    began: datetime | None = None
    duration: float = 0.0
    """Seconds, set-up and clean-up included."""
    sentence: str | None = None
    """Why it did not pass."""
    where: str | None = None
    """Where it stopped: the step's place in the feature file, or the hook."""
    raised: str | None = None
    """The suite's own line of code that found it: "steps/linear.py:88"."""
    steps: tuple[StepVerdict, ...]
    troubles: tuple[Trouble, ...] = ()
    """What went wrong around its steps: hooks and clean-up, its feature's included."""

    @property
    def standing(self) -> Status:
        """What it counts as: its status, unless that is about words of yesterday, or waived."""
        return standing(self.status, self.outdated, self.waived)

    @property
    def slug(self) -> str:
        """What its files are called by: "ac3_linear_api-31"."""
        return slug(self.location)

    @property
    def stopped_at(self) -> StepVerdict | None:
        """The step that did not pass and kept the others from being tried."""
        return next((step for step in self.steps if step.status is not Status.PASSED), None)


class RequirementVerdict(Entry):
    """One of the ticket's items."""

    id: str
    text: str
    kind: Kind
    criterion: str
    """The heading it stands below, as reports show it: "AC3 Linear API Integration"."""
    revision: int = 1
    """How often its words in the ticket have been confirmed."""
    digest: str = ""
    """Hash of the words that were confirmed."""
    integration_points: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    """Ids of the items that a line of the Definition of Done rests on."""
    status: Status
    note: str | None = None
    """Why it did not pass."""
    scenarios: tuple[str, ...] = ()
    """Locations of the scenarios that carry it."""

    @property
    def criterion_id(self) -> str:
        """The heading's id: "AC3" of "AC3.5", "SEC" of "SEC2"."""
        return self.id.rpartition(".")[0] or self.id.rstrip("0123456789")


class WaiverVerdict(Entry):
    """A waiver and what has become of it."""

    waiver: Waiver
    state: Literal["in force", "expired", "not needed"]

    @property
    def sentence(self) -> str:
        """What there is to say about it."""
        match self.state:
            case "in force":
                return str(self.waiver)
            case "expired":
                return f"The waiver expired on {self.waiver.expiry:%-d %B %Y}, so it counts no more."
            case "not needed":
                return "It holds: remove the waiver."


class RunVerdict(Entry):
    """The run as a whole."""

    id: str
    ticket: str
    """The ticket, as reports show it."""
    url: str
    started: datetime
    duration: float
    """Seconds."""
    outcome: Status
    sentence: str
    """The outcome in words."""
    target: str
    profile: str
    suite: Suite
    versions: dict[str, str]
    """Of the tools, of the programs of the world and of the agent, by name."""
    machine: str
    command: str
    selection: str
    """What the command has picked; "everything" without any selection."""
    shard: str | None = None
    """Which part of that this run is, if it is one of several: "2/3"."""
    troubles: tuple[Trouble, ...] = ()
    """What went wrong around all scenarios; a run with troubles is broken."""

    @property
    def whole(self) -> bool:
        """Whether the whole suite was run."""
        return self.selection == EVERYTHING and self.shard is None

    def again(self, location: str) -> str:
        """The command that repeats one scenario on the same agent."""
        settings = re.findall(r" -D ?((?!order=)(?:'[^']*'|\S)+)", self.command)
        return " ".join(["behave", *(f"-D {setting}" for setting in settings), location])


class Verdict(Entry):
    """`verdict.json`."""

    run: RunVerdict
    requirements: tuple[RequirementVerdict, ...]
    """All of the ticket's items, in its order."""
    scenarios: tuple[ScenarioVerdict, ...]
    """All selected scenarios, in the order of the run."""
    waivers: tuple[WaiverVerdict, ...] = ()

    def write(self, path: Path) -> None:
        """Writes the file at once or not at all."""
        write_whole(path, self.model_dump_json(indent=1))

    def scenarios_of(self, requirement: RequirementVerdict) -> list[ScenarioVerdict]:
        """The scenarios that carry the item."""
        return [scenario for scenario in self.scenarios if scenario.location in requirement.scenarios]


EVERYTHING = "everything"


def standing(status: Status, outdated: Sequence[str], waived: bool) -> Status:
    """What a scenario of that status counts as, when these of its items are outdated, or all of them waived."""
    if status is Status.PASSED and outdated:
        return Status.OUTDATED
    return Status.WAIVED if waived and status in (Status.FAILED, Status.BROKEN) else status


def slug(location: str) -> str:
    """What the files of the scenario at that place are called by: "ac3_linear_api-31"."""
    path, _, line = location.rpartition(":")
    return f"{Path(path).stem}-{line}"
