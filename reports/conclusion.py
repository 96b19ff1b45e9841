"""How scenarios add up: to the verdict on each of the ticket's items, and to the outcome of a run.

The worst of its scenarios is an item's verdict; nothing is passed unless all of its scenarios ran and passed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from reports.pages import counted, ranges
from reports.requirements import DERIVED, Criterion, Item, Requirements
from reports.ticket import told
from reports.verdict import (
    SHOWN,
    RequirementVerdict,
    ScenarioVerdict,
    Status,
    StepVerdict,
    Trouble,
    Verdict,
    WaiverVerdict,
    worst,
)
from reports.waivers import Waiver

UNCOVERED = "No scenario carries it yet."


class Exit(IntEnum):
    """What a run says to whoever started it: behave's exit codes under this suite's runner, which explains them."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    BROKEN = 3


OUTCOME = {
    Status.PASSED: Exit.PASSED,
    Status.WAIVED: Exit.PASSED,
    Status.FAILED: Exit.FAILED,
    Status.BROKEN: Exit.BROKEN,
    Status.OUTDATED: Exit.BROKEN,
}


def conclude(
    requirements: Sequence[RequirementVerdict],
    scenarios: Sequence[ScenarioVerdict],
    troubles: Sequence[Trouble],
    *,
    whole: bool = False,
) -> tuple[Status, str]:
    """The outcome of a run and its sentence.

    Troubles around the scenarios break a run whatever the scenarios say; else one failed scenario fails it, and one
    that could not be judged breaks it. So does an item, in a run of the whole suite, that no scenario carries.
    """
    count = Counter(scenario.standing for scenario in scenarios)
    total = len(scenarios)
    tried = [one for one in requirements if one.kind not in DERIVED]
    if troubles:
        return Status.BROKEN, f"The run is broken: {troubles[0]}"
    if missed := [one.id for one in tried if one.status is Status.FAILED]:
        return Status.FAILED, f"agent-sre misses {_items(missed)}."
    if count[Status.FAILED]:
        return Status.FAILED, f"{count[Status.FAILED]} of {total} scenarios failed."
    if unjudged := count[Status.BROKEN] + count[Status.UNTESTED]:
        return Status.BROKEN, f"{unjudged} of {total} scenarios could not be judged."
    if whole and (uncovered := [one.id for one in tried if one.status is Status.UNTESTED and not one.scenarios]):
        return Status.BROKEN, f"No scenario carries {counted(len(uncovered), 'item')}: {ranges(uncovered)}."
    if outdated := [one.id for one in tried if one.status is Status.OUTDATED]:
        return Status.OUTDATED, f"The ticket's words have changed and are not confirmed for {_items(outdated)}."
    held = sum(one.status is Status.PASSED for one in tried)
    if waived := [one.id for one in tried if one.status is Status.WAIVED]:
        return Status.WAIVED, f"{held} of the ticket's items hold; waived: {_items(waived)}."
    return Status.PASSED, f"All {total} scenarios passed; {held} of the ticket's items hold."


def _items(ids: Sequence[str]) -> str:
    """ "1 item: AC3.5", "3 items: AC3.5, AC3.6, M2"."""
    return f"{counted(len(ids), 'item')}: {', '.join(ids)}"


def with_trouble(verdict: Verdict, trouble: Trouble) -> Verdict:
    """The same run, which something that came to light at its end has broken."""
    troubles = (*verdict.run.troubles, trouble)
    outcome, sentence = conclude(verdict.requirements, verdict.scenarios, troubles, whole=verdict.run.whole)
    run = verdict.run.model_copy(update={"troubles": troubles, "outcome": outcome, "sentence": sentence})
    return verdict.model_copy(update={"run": run})


def waiver_verdict(
    waiver: Waiver, items: Sequence[RequirementVerdict], scenarios: Sequence[ScenarioVerdict], *, in_force: bool
) -> WaiverVerdict:
    """What has become of a waiver in a run. That of a step that holds is needed while the whole scenario is waived."""
    waived = any(one.standing is Status.WAIVED for one in scenarios if waiver.item in one.requirements)
    if not waived and next(item.status for item in items if item.id == waiver.item) is Status.PASSED:
        return WaiverVerdict(waiver=waiver, state="not needed")
    return WaiverVerdict(waiver=waiver, state="in force" if in_force else "expired")


class _Finding(NamedTuple):
    """What the scenarios say about one item."""

    status: Status
    note: str | None
    scenarios: Sequence[ScenarioVerdict] = ()


def requirement_verdicts(
    requirements: Requirements,
    scenarios: Sequence[ScenarioVerdict],
    left_out: Counter[str],
    changed: Mapping[str, str] = MappingProxyType({}),
    waivers: Mapping[str, Waiver] = MappingProxyType({}),
) -> tuple[RequirementVerdict, ...]:
    """What the scenarios of a run say about each of the ticket's items.

    `left_out` counts, by tag, the scenarios that carry it and were not selected; `changed` are the items whose words in
    the ticket are no longer those that were confirmed, with the words that they have now; `waivers` are those in force.
    """
    found: dict[str, _Finding] = {}
    for criterion, item in requirements.items():
        if criterion.kind == "scenario":
            found[item.id] = _by_steps(criterion, item, scenarios, left_out[criterion.id])
        elif criterion.kind not in ("integration point", "definition of done"):
            carrying = [scenario for scenario in scenarios if item.id in scenario.requirements]
            found[item.id] = _by_scenarios(carrying, left_out[item.id])
    for name, finding in found.items():
        if finding.status is Status.PASSED and name in changed:
            found[name] = finding._replace(status=Status.OUTDATED, note=told(changed, name))
        elif name in waivers and _is_waivable(finding, left_out[name]):
            note = f"{waivers[name]} Without the waiver it is {finding.status}: {finding.note}"
            found[name] = finding._replace(status=Status.WAIVED, note=note)
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
            revision=requirements.confirmed[item.id].revision,
            digest=requirements.confirmed[item.id].digest,
            integration_points=tuple(requirements.integration_points(criterion)),
            rests_on=tuple(requirements.resting(item)),
            status=found[item.id].status,
            note=found[item.id].note,
            scenarios=tuple(scenario.location for scenario in found[item.id].scenarios),
        )
        for criterion, item in requirements.items()
    )


def _is_waivable(finding: _Finding, left_out: int) -> bool:
    """Whether a waiver counts: the item was tried and does not hold, or nothing tries it; not when it was left out.

    A step that was not reached counts as tried by its scenario, which stopped before.
    """
    if finding.status is Status.UNTESTED:
        return not left_out and all(one.status is not Status.UNTESTED for one in finding.scenarios)
    return finding.status in (Status.FAILED, Status.BROKEN)


def _by_scenarios(scenarios: Sequence[ScenarioVerdict], left_out: int) -> _Finding:
    """An item that whole scenarios carry: the worst of them."""
    if not scenarios:
        return _Finding(Status.UNTESTED, "Not selected in this run." if left_out else UNCOVERED)
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
