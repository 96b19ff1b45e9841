"""A made-up run of the whole suite in which everything holds, with all its files; tests change what they are about."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reports import agreement, documentation, kill_matrix, recording, requirements, settings
from reports.benchmarks import Benchmarks, Measure, Percentiles
from reports.conclusion import conclude, requirement_verdicts
from reports.documentation import Documentation
from reports.publish import publish
from reports.recording import Recording
from reports.requirements import DERIVED, Criterion, Requirements
from reports.suite import Suite
from reports.verdict import (
    EVERYTHING,
    Attachment,
    RunVerdict,
    ScenarioVerdict,
    Status,
    StepVerdict,
    Trouble,
    Verdict,
    WaiverVerdict,
)
from reports.waivers import Waiver

FEATURES = Path(__file__).parent.parent / "features"
STARTED = datetime(2026, 1, 8, 10, 15, tzinfo=UTC)
SUITE = Suite(version="v1.0", dirty=False, digest="d" * 64, features="f" * 64)
RUN = "20260108T101500Z-3f9a"


def asked() -> Requirements:
    """The ticket's items; the steps of its testing scenarios are carried by Gherkin steps with their ids for names."""
    found = requirements.load(FEATURES / "requirements.toml")
    criteria = tuple(_by_its_id(one) if one.kind == "scenario" else one for one in found.criteria)
    return found.model_copy(update={"criteria": criteria})


def _by_its_id(criterion: Criterion) -> Criterion:
    items = (item.model_copy(update={"sentences": (f"^{item.id}$",)}) for item in criterion.items)
    return criterion.model_copy(update={"items": tuple(items)})


def scenario(name: str, line: int, tags: tuple[str, ...], steps: tuple[str, ...]) -> ScenarioVerdict:
    seen = Attachment(title="The issue", kind="text", file=f"evidence/all-{line}/01-the-issue.txt", exchanges=(1,))
    return ScenarioVerdict(
        name=name,
        feature=f"Feature of {tags[0]}",
        location=f"features/all.feature:{line}",
        tags=tags,
        requirements=tags[1:],
        status=Status.PASSED,
        began=STARTED,
        duration=1.5,
        steps=tuple(
            StepVerdict(keyword="Then", name=step, status=Status.PASSED, began=STARTED, duration=0.5, evidence=(seen,))
            for step in steps
        ),
    )


def scenarios(found: Requirements) -> Iterator[ScenarioVerdict]:
    """One for each item, or for each of the ticket's testing scenarios."""
    line = 1
    for criterion in found.criteria:
        if criterion.kind in DERIVED:
            continue
        if criterion.kind == "scenario":
            ids = tuple(item.id for item in criterion.items)
            yield scenario(criterion.title, line := line + 5, (criterion.id, *ids), ids)
        else:
            for item in criterion.items:
                yield scenario(item.text, line := line + 5, (criterion.id, item.id), ("it holds",))


@dataclass
class MadeUp:
    """The run. Change it, then `write` it."""

    latest: Path
    requirements: Requirements = field(default_factory=asked)
    scenarios: dict[str, ScenarioVerdict] = field(default_factory=dict)
    """By the item, or the criterion of steps, that it shows."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many scenarios carry each tag that were not selected."""
    changed: dict[str, str] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    suite: Suite = SUITE
    versions: dict[str, str] = field(default_factory=lambda: {"prometheus": "2.42.0"})
    selection: str = EVERYTHING
    troubles: tuple[Trouble, ...] = ()
    kills: dict[str, Any] | None = None
    measures: tuple[Measure, ...] = ()
    measured_by: str | None = RUN
    settings: dict[str, Any] = field(default_factory=lambda: {"targets": {"success": 99.0, "latency": 2.0}})
    defaults: dict[str, Any] = field(default_factory=lambda: {"targets": {"success": 99.0, "latency": 2.0}})
    documented: Documentation = field(default_factory=lambda: Documentation(checked=20, missing=()))

    def __post_init__(self) -> None:
        for one in scenarios(self.requirements):
            self.scenarios[one.tags[0] if len(one.tags) > 2 else one.tags[1]] = one
        ids = [item.id for criterion, item in self.requirements.items() if criterion.kind not in DERIVED]
        self.kills = {
            "started": "2026-01-08T09:00:00Z",
            "duration": 95.4,
            "features": SUITE.features,
            "trials": [trial(f"d/{item}-{number}", item) for item in ids for number in (1, 2)],
        }
        self.measures = tuple(measure(f"M{number}") for number in range(1, 6))

    def judge(self, item: str, status: Status, sentence: str = "Expected one issue, but there is none.") -> None:
        """The scenario of the item comes to this in its last step."""
        one = self.scenarios[item]
        steps = (*one.steps[:-1], one.steps[-1].model_copy(update={"status": status}))
        told = None if status is Status.PASSED else sentence
        self.scenarios[item] = one.model_copy(update={"status": status, "sentence": told, "steps": steps})

    def verdict(self) -> Verdict:
        in_force = {waiver.item: waiver for waiver in self.waivers if waiver.counts(STARTED.date())}
        found = tuple(self._standing(one, in_force) for one in self.scenarios.values())
        items = requirement_verdicts(self.requirements, found, self.left_out, self.changed, in_force)
        outcome, sentence = conclude(items, found, self.troubles, whole=self.selection == EVERYTHING)
        return Verdict(
            run=RunVerdict(
                id=RUN,
                ticket=self.requirements.ticket.label,
                url=self.requirements.ticket.url,
                started=STARTED,
                duration=60,
                outcome=outcome,
                sentence=sentence,
                target="reference",
                profile="reference",
                suite=self.suite,
                versions=self.versions,
                machine="Linux, 2 CPUs",
                command="behave",
                selection=self.selection,
                troubles=self.troubles,
            ),
            requirements=items,
            scenarios=found,
            waivers=tuple(
                WaiverVerdict(waiver=one, state="in force" if one.item in in_force else "expired")
                for one in self.waivers
            ),
        )

    def _standing(self, one: ScenarioVerdict, in_force: Mapping[str, Waiver]) -> ScenarioVerdict:
        outdated = tuple(item for item in one.requirements if item in self.changed)
        waived = all(item in in_force for item in one.requirements)
        return one.model_copy(update={"outdated": outdated, "waived": waived})

    def write(self, then: Callable[[Path], None] | None = None) -> Verdict:
        """Writes all files of the run; `then` may spoil some before the reports are made of them."""
        verdict = self.verdict()
        self.latest.mkdir(parents=True, exist_ok=True)
        results = self.latest / "allure-results"
        results.mkdir()
        for number, one in enumerate(verdict.scenarios):
            labels = [{"name": "location", "value": one.location}]
            told: dict[str, Any] = {"name": one.name, "status": agreement.ALLURE[one.standing], "labels": labels}
            (results / f"{number:03}-result.json").write_text(json.dumps(told))
            for seen in one.steps[0].evidence:
                (self.latest / seen.file).parent.mkdir(parents=True)
                (self.latest / seen.file).write_text("BVL-1")
        for trouble in verdict.run.troubles:
            told = {"name": trouble.where, "status": "broken"}
            (results / f"{trouble.where}-result.json").write_text(json.dumps(told))
        first = recording.path(self.latest, verdict.scenarios[0].location)
        first.parent.mkdir()
        first.write_text(Recording(began=0, duration=1, calls=(), windows=()).model_dump_json())
        (self.latest / documentation.NAME).write_text(self.documented.model_dump_json())
        settings.write(self.latest, self.settings, self.defaults)
        if self.kills is not None:
            place = self.latest.parent / "proof"
            place.mkdir(exist_ok=True)
            (place / kill_matrix.NAME).write_text(json.dumps(self.kills))
        if self.measured_by:
            benchmarks(self.measured_by, self.measures).write(self.latest)
        if then:
            then(self.latest)
        return publish(verdict, self.latest.parent.parent, self.latest)


def trial(defect: str, item: str, outcome: str = "killed") -> dict[str, Any]:
    """A defect at one item, as the kill matrix has it."""
    finding = {"item": item, "outcome": outcome, "sentence": "Expected one issue, but there are 2."}
    change = {"program": "agent-sre", "file": "agent/linear.py", "right": "one", "wrong": "another", "says": "one"}
    told = {"defect": defect, "sentence": f"{item} is off by one.", "digest": "0123456789abcdef", "duration": 3}
    return {**told, **change, "findings": [finding]}


def measure(item: str, **changes: Any) -> Measure:
    """A metric that keeps to its target."""
    good: dict[str, Any] = {
        "id": item,
        "title": f"Metric {item}",
        "integration": "agent-sre → Linear API",
        "value": 1.2,
        "unit": "s",
        "comparison": "<",
        "target": 2,
        "passed": True,
        "count": 200,
        "percentiles": Percentiles(p50=0.4, p95=1.2, p99=1.6, max=2.1),
        "histogram": ((0.5, 120), (1.0, 60), (1.5, 20)),
    }
    return Measure(**good | changes)


def benchmarks(run: str, measures: tuple[Measure, ...]) -> Benchmarks:
    return Benchmarks(
        run=run, started=STARTED, machine="Linux, 2 CPUs", versions={}, profile="reference", measures=measures
    )


ENDED = STARTED + timedelta(seconds=60)
