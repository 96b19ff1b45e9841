"""How behave's model is read: what a scenario and a step mean, for the verdict, for Allure and for the terminal alike.

behave itself is milder: it calls a scenario passed that has no steps or a pending one tagged @wip, and its model keeps
nothing of an error in the clean-up or of one in the hooks around a scenario that has failed already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reports.run import Record, sentence_of
from reports.ticket import told
from reports.verdict import ScenarioVerdict, Status, StepVerdict, Trouble, standing


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a scenario of behave's model means."""

    status: Status
    sentence: str | None = None
    where: str | None = None
    error: BaseException | None = None
    troubles: tuple[Trouble, ...] = ()
    outdated: tuple[str, ...] = ()
    waived: bool = False

    @property
    def standing(self) -> Status:
        return standing(self.status, self.outdated, self.waived)


def verdict_on(scenario: Any, record: Record) -> ScenarioVerdict:
    """All that the verdict says of a scenario that has run, or should have: as a worker has told, or by its model."""
    if told := record.told.get(record.location(scenario)):
        return told
    judgement = judge(scenario, record)
    tags = [str(tag) for thing in (*containers(scenario), scenario) for tag in thing.tags]
    tags = [tag for tag in dict.fromkeys(tags) if tag in scenario.effective_tags]
    rule = next((thing.name for thing in containers(scenario) if thing.type == "rule"), None)
    began = record.began.get(id(scenario))
    return ScenarioVerdict(
        name=scenario.name,
        feature=scenario.feature.name,
        rule=rule,
        location=record.location(scenario),
        tags=tuple(tags),
        requirements=tuple(item.id for _, item in record.requirements.tagged(scenario.effective_tags)),
        parameters=dict(scenario._row.items()) if scenario._row else {},
        status=judgement.status,
        outdated=judgement.outdated,
        waived=judgement.waived,
        began=began[0] if began else None,
        duration=record.durations.get(id(scenario), 0.0),
        sentence=judgement.sentence,
        where=judgement.where,
        raised=record.raised_at(judgement.error) or next((one.raised for one in judgement.troubles), None),
        troubles=judgement.troubles,
        steps=tuple(
            StepVerdict(
                keyword=step.keyword,
                name=step.name,
                status=step_status(step, record),
                began=record.steps_began.get(id(step)),
                duration=step.duration,
                evidence=tuple(record.evidence.get(id(step), [])),
            )
            for step in scenario.all_steps
        ),
    )


def judge(scenario: Any, record: Record) -> Judgement:
    """The verdict on a scenario that has run, or should have."""
    judgement = _judge(scenario, record)
    items = [item.id for _, item in record.requirements.tagged(scenario.effective_tags)]
    outdated = tuple(item for item in items if item in record.changed)
    waived = bool(items) and all(item in record.waivers for item in items)
    if judgement.status is Status.PASSED and outdated:
        sentence = f"It passed, but {told(record.changed, outdated[0])}"
        return replace(judgement, outdated=outdated, sentence=sentence)
    return replace(judgement, outdated=outdated, waived=waived)


def _judge(scenario: Any, record: Record) -> Judgement:
    judgement = _judge_steps(scenario, record)
    around = [trouble for thing in (*containers(scenario), scenario) for trouble in record.troubles.get(id(thing), [])]
    troubles = tuple(trouble for trouble, _ in around)
    if not troubles:
        if judgement.status is Status.PASSED and scenario.status.name != "passed":
            return Judgement(
                Status.BROKEN, f"behave calls the scenario {scenario.status.name}, though its steps passed."
            )
        return judgement
    trouble, error = around[0]
    if judgement.status is Status.PASSED:
        return Judgement(Status.BROKEN, f"The steps passed, but {trouble}", trouble.where, error, troubles)
    if all(step_status(step, record) is Status.UNTESTED for step in scenario.all_steps):
        return Judgement(Status.BROKEN, str(trouble), trouble.where, error, troubles)
    both = f"{judgement.sentence} Then {trouble}"
    return Judgement(Status.BROKEN, both, judgement.where, judgement.error, troubles)


def containers(scenario: Any) -> list[Any]:
    """The feature, and the rule or outline, that the scenario lies in, the outermost first."""
    return [*containers(scenario.parent), scenario.parent] if scenario.parent else []


def _judge_steps(scenario: Any, record: Record) -> Judgement:
    steps = list(scenario.all_steps)
    stop = next((step for step in steps if step_status(step, record) is not Status.PASSED), None)
    if not steps:
        return Judgement(Status.BROKEN, "The scenario has no steps, so it shows nothing.", record.location(scenario))
    if stop is None:
        return Judgement(Status.PASSED)
    status, where = step_status(stop, record), record.location(stop)
    if record.set_up:
        trouble, error = record.set_up
        return Judgement(Status.BROKEN, str(trouble), trouble.where, error, (trouble,))
    if status is Status.UNTESTED and id(scenario) not in record.began:
        return Judgement(status, "It never ran: the run ended before it.", where)
    if status is Status.UNTESTED and stop.status.name == "skipped":
        reason = f": {scenario.skip_reason}" if scenario.skip_reason else ""
        return Judgement(status, f"It was skipped{reason}.", where)
    if status is Status.UNTESTED:
        return Judgement(Status.BROKEN, "The run was interrupted while it ran.", where)
    if around := record.troubles.get(id(stop)):
        trouble, error = around[0]
        before = f"{sentence_of(stop.exception)} Then " if stop.exception else ""
        return Judgement(status, f"{before}{trouble}", where, error)
    if stop.status.name == "undefined":
        return Judgement(status, f"No step says what “{stop.keyword} {stop.name}” means.", where)
    if stop.exception is None:
        return Judgement(status, f"The step is {stop.status.name.removesuffix('_warn')}.", where)
    return Judgement(status, sentence_of(stop.exception), where, stop.exception)


def step_status(step: Any, record: Record) -> Status:
    """The verdict on a step of behave's model."""
    if id(step) in record.troubles:
        return Status.BROKEN
    match step.status.name:
        case "passed":
            return Status.PASSED
        case "failed":
            return Status.FAILED
        case "untested" | "skipped":
            return Status.UNTESTED
        case _:
            return Status.BROKEN
