"""The formatter that makes the verdict from behave's own model, and has all reports written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from behave.formatter.base import Formatter

from reports import documentation, metrics, run
from reports.conclusion import conclude, requirement_verdicts
from reports.files import write_whole
from reports.judge import containers, judge, step_status
from reports.publish import publish
from reports.run import Record
from reports.verdict import (
    EVERYTHING,
    RequirementVerdict,
    RunVerdict,
    ScenarioVerdict,
    Status,
    StepVerdict,
    Verdict,
    WaiverVerdict,
)
from reports.waivers import Waiver


class VerdictFormatter(Formatter):  # type: ignore[misc]
    """Notes when each scenario runs; at the end writes the reports."""

    name = "verdict"
    description = "everything in reports/latest"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        assert run.record, "The verdict is written by reports.runner:AcceptanceRunner only."
        self.record = run.record
        self.verdict: Verdict | None = None
        self._running: Any = None
        self._upcoming: list[Any] = []

    def scenario(self, scenario: Any) -> None:
        self._ended()
        self.record.began[id(scenario)] = (datetime.now(UTC), time.monotonic())
        self._running, self._upcoming = scenario, []

    def step(self, step: Any) -> None:
        self._upcoming.append(step)

    def match(self, match: Any) -> None:
        self.record.steps_began[id(self._upcoming.pop(0))] = datetime.now(UTC)

    def rule(self, rule: Any) -> None:
        self._ended()

    def rule_finished(self) -> None:
        self._ended()

    def eof(self) -> None:
        self._ended()

    def close(self) -> None:
        self._ended()
        self.publish(self._verdict())
        super().close()

    def publish(self, verdict: Verdict) -> None:
        """Writes all reports."""
        latest, root = self.record.latest, self.record.root
        documentation.write(root, latest)
        self.verdict = publish(verdict, root, latest)
        self.record.metrics = metrics.of(self.verdict, self.record.requirements)
        write_whole(latest / "metrics.prom", self.record.metrics.text())

    def _ended(self) -> None:
        """behave tells nobody that a scenario ended; the next thing that begins does."""
        if self._running:
            self.record.durations[id(self._running)] = time.monotonic() - self.record.began[id(self._running)][1]
            self.record.metrics.add(_scenario_verdict(self._running, self.record))
            self._running = None

    def _verdict(self) -> Verdict:
        record = self.record
        scenarios = tuple(_scenario_verdict(scenario, record) for scenario in record.selected)
        left_out = Counter(tag for scenario in record.left_out for tag in scenario.effective_tags)
        requirements = requirement_verdicts(record.requirements, scenarios, left_out, record.changed, record.waivers)
        selection = _selection(self.config)
        outcome, sentence = conclude(requirements, scenarios, record.run_troubles, whole=selection == EVERYTHING)
        return Verdict(
            run=RunVerdict(
                id=record.id,
                ticket=record.requirements.ticket.label,
                url=record.requirements.ticket.url,
                started=record.started,
                duration=time.monotonic() - record.clock,
                outcome=outcome,
                sentence=sentence,
                target=run.facts.target,
                profile=run.facts.profile,
                suite=record.suite,
                versions=run.versions(),
                machine=run.machine(),
                command=run.command(),
                selection=selection,
                troubles=tuple(record.run_troubles),
            ),
            requirements=requirements,
            scenarios=scenarios,
            waivers=tuple(_waiver_verdict(waiver, requirements, record) for waiver in record.granted),
        )


def _scenario_verdict(scenario: Any, record: Record) -> ScenarioVerdict:
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
        raised=record.raised_at(judgement.error),
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


def _waiver_verdict(waiver: Waiver, items: Sequence[RequirementVerdict], record: Record) -> WaiverVerdict:
    if next(item.status for item in items if item.id == waiver.item) is Status.PASSED:
        return WaiverVerdict(waiver=waiver, state="not needed")
    return WaiverVerdict(waiver=waiver, state="in force" if waiver.item in record.waivers else "expired")


def _selection(config: Any) -> str:
    """What the command line has picked, in its own words; EVERYTHING without any."""
    picked = [f"--tags {tag}" for tag in config.tags or []] + [f"--name {name}" for name in config.name or []]
    paths = [path for path in config.paths if path.endswith(".feature") or ".feature:" in path]
    return run.facts.redact(" ".join(paths + picked)) or EVERYTHING
