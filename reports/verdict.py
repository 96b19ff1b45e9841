"""The verdict of a run: the model of `verdict.json`, and how scenarios add up to the ticket's items.

    passed     it was tried and holds
    failed     a claim about agent-sre did not hold (an AssertionError in a step)
    broken     it could not be judged: the world, a hook, the clean-up or the suite itself went wrong
    untested   it was not tried: no scenario, not selected, skipped, or the run ended before it
    waived     it does not hold and somebody has signed for that

The worst of its scenarios is an item's verdict; nothing is passed unless all of its scenarios ran and passed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from reports.files import Entry, write_whole
from reports.requirements import Criterion, Item, Kind, Requirements


class Status(StrEnum):
    """The verdict's words, the worst first."""

    FAILED = "failed"
    BROKEN = "broken"
    UNTESTED = "untested"
    WAIVED = "waived"
    PASSED = "passed"


SHOWN = (Status.PASSED, Status.FAILED, Status.BROKEN, Status.UNTESTED, Status.WAIVED)
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
    integration_points: tuple[str, ...] = ()
    status: Status
    note: str | None = None
    """Why it did not pass."""
    scenarios: tuple[str, ...] = ()
    """Locations of the scenarios that carry it."""

    @property
    def criterion_id(self) -> str:
        """The heading's id: "AC3" of "AC3.5", "SEC" of "SEC2"."""
        return self.id.rpartition(".")[0] or self.id.rstrip("0123456789")


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
    versions: dict[str, str]
    machine: str
    command: str
    selection: str
    troubles: tuple[Trouble, ...] = ()
    """What went wrong around all scenarios; a run with troubles is broken."""


class Verdict(Entry):
    """`verdict.json`."""

    run: RunVerdict
    requirements: tuple[RequirementVerdict, ...]
    """All of the ticket's items, in its order."""
    scenarios: tuple[ScenarioVerdict, ...]
    """All selected scenarios, in the order of the run."""

    def write(self, path: Path) -> None:
        """Writes the file at once or not at all."""
        write_whole(path, self.model_dump_json(indent=1))

    def scenarios_of(self, requirement: RequirementVerdict) -> list[ScenarioVerdict]:
        """The scenarios that carry the item."""
        return [scenario for scenario in self.scenarios if scenario.location in requirement.scenarios]

    def with_trouble(self, trouble: Trouble) -> Verdict:
        """The same run, which something that came to light at its end has broken."""
        troubles = (*self.run.troubles, trouble)
        outcome, sentence = conclude(self.requirements, self.scenarios, troubles)
        run = self.run.model_copy(update={"troubles": troubles, "outcome": outcome, "sentence": sentence})
        return self.model_copy(update={"run": run})


def slug(location: str) -> str:
    """What the files of the scenario at that place are called by: "ac3_linear_api-31"."""
    path, _, line = location.rpartition(":")
    return f"{Path(path).stem}-{line}"


# -- how scenarios add up ---------------------------------------------------------------------------------------------


def conclude(
    requirements: Sequence[RequirementVerdict],
    scenarios: Sequence[ScenarioVerdict],
    troubles: Sequence[Trouble],
) -> tuple[Status, str]:
    """The outcome of a run and its sentence.

    Troubles around the scenarios break a run whatever the scenarios say; else one failed scenario fails it, and one
    that could not be judged breaks it.
    """
    count = Counter(scenario.status for scenario in scenarios)
    total = len(scenarios)
    if troubles:
        return Status.BROKEN, f"The run is broken: {troubles[0]}"
    if missed := [one.id for one in requirements if one.status is Status.FAILED and one.kind != "integration point"]:
        items = "1 item" if len(missed) == 1 else f"{len(missed)} items"
        return Status.FAILED, f"agent-sre misses {items}: {', '.join(missed)}."
    if count[Status.FAILED]:
        return Status.FAILED, f"{count[Status.FAILED]} of {total} scenarios failed."
    if unjudged := total - count[Status.PASSED]:
        return Status.BROKEN, f"{unjudged} of {total} scenarios could not be judged."
    held = sum(one.status is Status.PASSED and one.kind != "integration point" for one in requirements)
    return Status.PASSED, f"All {total} scenarios passed; {held} of the ticket's items hold."


class _Finding(NamedTuple):
    """What the scenarios say about one item."""

    status: Status
    note: str | None
    scenarios: Sequence[ScenarioVerdict] = ()


def requirement_verdicts(
    requirements: Requirements, scenarios: Sequence[ScenarioVerdict], left_out: Counter[str]
) -> tuple[RequirementVerdict, ...]:
    """What the scenarios of a run say about each of the ticket's items.

    `left_out` counts, by tag, the scenarios that carry it and were not selected.
    """
    found: dict[str, _Finding] = {}
    for criterion, item in requirements.items():
        if criterion.kind == "scenario":
            found[item.id] = _by_steps(criterion, item, scenarios, left_out[criterion.id])
        elif criterion.kind not in ("integration point", "definition of done"):
            carrying = [scenario for scenario in scenarios if item.id in scenario.requirements]
            found[item.id] = _by_scenarios(carrying, left_out[item.id])
    for criterion, item in requirements.items():
        if criterion.kind == "integration point":
            parts = [found[part.id].status for whole, part in requirements.items() if whole.id in item.criteria]
            found[item.id] = _by_items(item, parts)
        elif criterion.kind == "definition of done":
            found[item.id] = _Finding(Status.UNTESTED, "Computed by the sign-off.")
    return tuple(
        RequirementVerdict(
            id=item.id,
            text=item.text,
            kind=criterion.kind,
            criterion=criterion.label,
            integration_points=tuple(requirements.integration_points(criterion)),
            status=found[item.id].status,
            note=found[item.id].note,
            scenarios=tuple(scenario.location for scenario in found[item.id].scenarios),
        )
        for criterion, item in requirements.items()
    )


def _by_scenarios(scenarios: Sequence[ScenarioVerdict], left_out: int) -> _Finding:
    """An item that whole scenarios carry: the worst of them."""
    if not scenarios:
        return _Finding(Status.UNTESTED, "Not selected in this run." if left_out else "No scenario carries it yet.")
    status = worst(scenario.status for scenario in scenarios)
    if status is Status.PASSED:
        return _passed(scenarios, left_out)
    same = [scenario for scenario in scenarios if scenario.status is status]
    share = f"{len(same)} of {len(scenarios)} scenarios {status}: " if len(scenarios) > 1 else ""
    return _Finding(status, f"{share}{same[0].sentence}", scenarios)


def _by_steps(criterion: Criterion, item: Item, scenarios: Sequence[ScenarioVerdict], left_out: int) -> _Finding:
    """A step of a testing scenario: the worst of the Gherkin steps that carry it."""
    tagged = [scenario for scenario in scenarios if {criterion.id, item.id} & set(scenario.tags)]
    if not tagged:
        return _by_scenarios([], left_out)
    found: list[_Finding] = []
    for scenario in tagged:
        steps = [step for step in scenario.steps if any(re.search(pattern, step.name) for pattern in item.sentences)]
        if steps:
            found.append(_step_finding(scenario, steps))
    if not found:
        return _Finding(Status.UNTESTED, "No step of its scenarios says it.", tagged)
    carrying = [scenario for finding in found for scenario in finding.scenarios]
    status = worst(finding.status for finding in found)
    if status is Status.PASSED:
        return _passed(carrying, left_out)
    return _Finding(status, next(finding.note for finding in found if finding.status is status), carrying)


def _step_finding(scenario: ScenarioVerdict, steps: Sequence[StepVerdict]) -> _Finding:
    """What one scenario says by these of its steps."""
    status, stop = worst(step.status for step in steps), scenario.stopped_at
    if scenario.troubles and status is not Status.FAILED:
        return _Finding(Status.BROKEN, scenario.sentence, [scenario])
    if status is Status.UNTESTED and stop and stop not in steps:
        return _Finding(status, f"Not reached: the scenario stopped at “{stop.text}”.", [scenario])
    return _Finding(status, scenario.sentence, [scenario])


def _by_items(point: Item, items: Sequence[Status]) -> _Finding:
    """An integration point: the worst of its criteria's items."""
    status, count, criteria = worst(items), Counter(items), " and ".join(point.criteria)
    if status is Status.PASSED:
        return _Finding(status, f"All {len(items)} items of {criteria} passed.")
    return _Finding(status, f"{criteria}: {', '.join(f'{count[one]} {one}' for one in SHOWN if count[one])}.")


def _passed(scenarios: Sequence[ScenarioVerdict], left_out: int) -> _Finding:
    """Passed, if all of the scenarios that carry it were selected."""
    ran = len(scenarios)
    if left_out:
        note = f"Only {ran} of its {ran + left_out} scenarios were selected; they passed."
        return _Finding(Status.UNTESTED, note, scenarios)
    return _Finding(Status.PASSED, None, scenarios)
